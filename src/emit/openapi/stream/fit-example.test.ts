import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonValue, Schema } from "../objects.js";
import { createChecker } from "../testing/schema-checker.js";
import { fitExamples } from "./fit-example.js";

const check = createChecker({ components: {} });

describe("an example", () => {
  test.each<[Schema, JsonValue, JsonValue | undefined]>([
    [{}, "name", "name"],
    [{ examples: ["mine"], pattern: "^[0-9]$" }, "name", "mine"],
    [{ const: "a" }, "name", "a"],
    [{ enum: ["a", "b"], not: { enum: ["a"] } }, "name", "b"],
    [{ minLength: 6 }, "name", "namena"],
    [{ maxLength: 2 }, "name", "na"],
    [{ pattern: "^c-" }, "name", "c-name"],
    [{ pattern: "\\.v1$" }, "name", "name.v1"],
    [{ pattern: "^[0-9]{3}$" }, "name", undefined],
    [{ format: "uuid" }, "name", "0b7e8a1e-8f9d-4c55-a4e5-d0c2e6a6ab35"],
    [{ anyOf: [{ const: "" }, { format: "email" }] }, "name", "someone@example.com"],
    [{ minimum: 10 }, 1, 10],
    [{ exclusiveMinimum: 10 }, 1, 11],
    [{ exclusiveMaximum: -1 }, 1, -2],
    [{ exclusiveMinimum: 0, exclusiveMaximum: 1 }, 1.5, 0.5],
    [{ anyOf: [{ maximum: -5 }, { minimum: 5 }] }, 1, -5],
    [{ not: { const: true } }, true, false],
    [{ minItems: 2 }, ["a"], undefined],
    [{ uniqueItems: true }, ["a", "a"], undefined],
    [{ minProperties: 1 }, {}, undefined],
    [{ required: ["@type"], properties: { "@type": { enum: ["x/t.M"] } } }, {}, { "@type": "x/t.M" }],
  ])("for %j, like %j", (schema, like, want) => {
    expect(fitExamples(schema, like)[0]).toEqual(want);
  });

  test("fits, by the keywords of numbers and texts", () => {
    const bound = fc.option(fc.integer({ min: -20, max: 20 }), { nil: undefined });
    const size = fc.option(fc.nat(9), { nil: undefined });
    const schemas = fc.record({ minimum: bound, exclusiveMaximum: bound, minLength: size, maxLength: size });
    fc.assert(
      fc.property(schemas, fc.constantFrom<JsonValue>(1, "name"), (schema, like) => {
        for (const example of fitExamples(schema, like)) {
          expect(check(schema, example)).toEqual([]);
        }
      }),
    );
  });
});
