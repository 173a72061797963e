/**
 * Random messages of every golden case, as protobuf-es writes them, against the schemas of the emitted documents.
 * `FUZZ_SEED=1 npx vitest run test/openapi/instance-fuzz.test.ts` repeats a run.
 */
import { type DescMessage, fromJson, type JsonValue, type Registry, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createChecker } from "../../src/emit/openapi/testing/schema-checker.js";
import { codeCases } from "../golden-code.js";
import { emitDocuments } from "./golden-documents.js";
import { goldenApi } from "./golden-server.js";
import { arbitraryWritten, rulesOption } from "./written-message.js";

/** Messages of a case, in each of the two tests. */
const MESSAGES = 1_000;
const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31);
console.log(`instance fuzz: FUZZ_SEED=${seed}`);

describe.each(codeCases().map((golden) => [golden.name, golden] as const))("%s", (_, golden) => {
  const options = `openapi_output=merged,openapi_format=json,${rulesOption(golden)}`;
  const [document] = Object.values(emitDocuments(golden, options)).map((text) => JSON.parse(text));
  const { methods, rules, registry } = goldenApi(golden);
  const requests = reachable(methods.map(({ desc }) => desc.input));
  const responses = reachable(methods.map(({ desc }) => desc.output));
  const types = [...requests, ...responses].filter(
    (desc, i, all) => desc.typeName in document.components.schemas && all.indexOf(desc) === i,
  );
  /** What protobuf-es writes of random messages, in each direction that they travel. */
  const arbitraryJson = (desc: DescMessage): fc.Arbitrary<JsonValue> =>
    fc
      .oneof(
        ...(requests.has(desc) ? [arbitraryWritten(desc, rules, "request")] : []),
        ...(responses.has(desc) ? [arbitraryWritten(desc, rules, "response")] : []),
      )
      .map((message) => toJson(desc, message, { registry }))
      // `NaN` and the infinities stand in descriptions only.
      .filter((json) => !/"(NaN|-?Infinity)"/.test(JSON.stringify(json)));
  const check = createChecker(document);
  const errors = (desc: DescMessage, json: JsonValue) => check({ $ref: `#/components/schemas/${desc.typeName}` }, json);
  const runs = { seed, numRuns: Math.ceil(MESSAGES / types.length) };

  test("what is written fits", () => {
    let count = 0;
    for (const desc of types) {
      fc.assert(
        fc.property(arbitraryJson(desc), (json) => {
          count++;
          expect(errors(desc, json)).toEqual([]);
        }),
        runs,
      );
    }
    expect(count).toBeGreaterThanOrEqual(MESSAGES);
  });

  test("what no reader takes does not fit", () => {
    let refused = 0;
    const fitting: string[] = [];
    // An empty Any is `{}`, so that its schema cannot require the `@type` that others have.
    for (const desc of types.filter(({ typeName }) => typeName !== "google.protobuf.Any")) {
      fc.assert(
        fc.property(arbitraryJson(desc), arbitraryDamage, (json, damage) => {
          const wrong = spoil(json, damage);
          if (isReadable(desc, wrong, registry)) {
            return;
          }
          refused++;
          if (errors(desc, wrong).length === 0) {
            fitting.push(`${desc.typeName} ${JSON.stringify(wrong)}`);
          }
        }),
        runs,
      );
    }
    expect(refused).toBeGreaterThan(MESSAGES / 20);
    expect({
      refused,
      fitting: fitting.length,
      some: fitting.length > refused / 20 ? fitting.slice(0, 5) : [],
    }).toEqual({
      refused,
      fitting: fitting.length,
      some: [],
    });
  });
});

/** Messages and those within them. */
function reachable(from: readonly DescMessage[], found = new Set<DescMessage>()): ReadonlySet<DescMessage> {
  for (const desc of from.filter((desc) => !found.has(desc))) {
    found.add(desc);
    const inner = desc.fields.flatMap(({ message }) => message ?? []);
    reachable(inner, found);
  }
  return found;
}

interface Damage {
  /** Which of the values, from the first to the last: 0 to 1. */
  readonly at: number;
  readonly value: JsonValue;
}

const arbitraryDamage: fc.Arbitrary<Damage> = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  value: fc.constantFrom<JsonValue>(
    true,
    1.5,
    -1,
    "?",
    "2026",
    "1e400",
    "99999999999999999999",
    [],
    [[]],
    {},
    { "?": {} },
  ),
});

/** The same JSON with one of its values replaced. */
function spoil(json: JsonValue, { at, value }: Damage): JsonValue {
  const total = count(json);
  let left = Math.floor(at * total);
  const visit = (node: JsonValue): JsonValue => {
    if (left-- === 0) {
      return value;
    }
    if (Array.isArray(node)) {
      return node.map(visit);
    }
    if (typeof node !== "object" || node === null) {
      return node;
    }
    return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, visit(child)]));
  };
  return visit(json);
}

function count(json: JsonValue): number {
  if (typeof json !== "object" || json === null) {
    return 1;
  }
  return Object.values(json).reduce<number>((sum, child) => sum + count(child), 1);
}

function isReadable(desc: DescMessage, json: JsonValue, registry: Registry): boolean {
  try {
    fromJson(desc, json, { registry, ignoreUnknownFields: true });
    return true;
  } catch {
    return false;
  }
}
