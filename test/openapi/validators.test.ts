/** Every golden document has no finding of three independent validators, but those that are named here with their reason. */
import { describe, expect, test } from "vitest";
import { loadCase } from "../golden.js";
import { codeCases } from "../golden-code.js";
import { emitDocuments, wantedDocuments } from "./golden-documents.js";
import { type Finding, findAll, validators } from "./validators.js";

/** What asks for facts that only the author of an API knows: base.yaml. A document with them has none of these findings. */
const authorsFacts: ReadonlySet<string> = new Set([
  "redocly/no-empty-servers",
  "redocly/security-defined",
  "redocly/info-license",
  "spectral/oas3-api-servers",
  "spectral/info-contact",
  "spectral/info-description",
]);

/** Findings without a fault: warnings, all of them. */
const withoutFault: Readonly<Record<string, string>> = {
  "redocly/operation-4xx-response": "the rule does not count `default`, which is the answer of every failure",
  "redocly/no-illogical-composition-keywords":
    "the branches of an event differ in the constant of `event`, or in that of `data`; the rule wants it to be required",
  "redocly/no-ambiguous-paths": "the protos have routes that overlap: the server takes the one that says more",
  "redocly/no-unused-components": "in 3.1 events are referred to in `x-itemSchema`, which the rule does not read",
  "redocly/no-invalid-media-type-examples":
    "the rule allows no property but those of a subschema, and a oneof is held apart by `dependentSchemas`",
  "spectral/operation-description": "a comment of one paragraph is the summary",
  "spectral/oas3-examples-value-or-externalValue": "the rule does not know `dataValue`, which is new in 3.2",
};

const seen = new Set<string>();

async function unexplained(text: string, explained: (rule: string) => boolean): Promise<Finding[]> {
  const findings = await findAll(text);
  for (const { rule } of findings) {
    seen.add(rule);
  }
  return findings.filter(({ rule, isError }) => !explained(rule) && !(rule in withoutFault && !isError));
}

const cases = codeCases();

describe.each(cases.map((golden) => [golden.name, golden] as const))("the documents of %s", (_, golden) => {
  test("as they stand", async () => {
    const documents = Object.entries(wantedDocuments(golden));
    expect(documents.length).toBeGreaterThan(0);
    for (const [name, text] of documents) {
      expect({ name, findings: await unexplained(text, (rule) => authorsFacts.has(rule)) }).toEqual({
        name,
        findings: [],
      });
    }
  });

  test.each([
    "openapi=3.1+3.2",
    "openapi=3.1+3.2,openapi_format=json,openapi_output=file,openapi_enum=open,openapi_oneof=union,openapi_proto_names=true",
    "openapi=3.1+3.2,openapi_output=merged,openapi_enum=integer",
    "openapi=3.1+3.2,openapi_output=merged,openapi_names=short,openapi_streams=plain",
  ])("with %s, and with what the author knows", async (options) => {
    const documents = Object.entries(emitDocuments(golden, `${options},openapi_base=test/openapi/base.yaml`));
    expect(documents.length).toBeGreaterThan(1);
    for (const [name, text] of documents) {
      expect({ name, findings: await unexplained(text, () => false) }).toEqual({ name, findings: [] });
    }
  });
});

test("every finding that is explained occurs", () => {
  expect([...seen].sort()).toEqual([...authorsFacts, ...Object.keys(withoutFault)].sort());
});

describe("the validators are awake", () => {
  const [text = ""] = Object.values(emitDocuments(loadCase("events"), "openapi_format=json"));
  const faults: [fault: string, right: string, wrong: string, rules: string[]][] = [
    [
      "no title",
      '"title": "assistant.v1"',
      '"x-title": ""',
      ["official/schema", "redocly/struct", "spectral/oas3-schema"],
    ],
    [
      "a parameter in nothing",
      '"in": "path"',
      '"in": "nothing"',
      ["official/schema", "redocly/path-parameters-defined", "redocly/struct", "spectral/path-params"],
    ],
    [
      "a type that is none",
      '"type": "object"',
      '"type": "message"',
      ["official/schema", "redocly/struct", "spectral/oas3-schema"],
    ],
    [
      "a reference to nothing",
      "#/components/schemas/assistant.v1.Delta",
      "#/components/schemas/Delta",
      ["redocly/no-unresolved-refs", "spectral/invalid-ref"],
    ],
    [
      "one operation id for two",
      '"AssistantService_Ask"',
      '"AssistantService_Complete"',
      ["redocly/operation-operationId-unique", "spectral/operation-operationId-unique"],
    ],
    [
      "a path parameter of another name",
      '"name": "conversation"',
      '"name": "talk"',
      ["redocly/path-parameters-defined", "spectral/path-params"],
    ],
  ];

  test.each(faults)("%s", async (_, right, wrong, rules) => {
    const spoilt = text.replace(right, wrong);
    expect(spoilt).not.toBe(text);
    const errors = (await findAll(spoilt)).filter(({ isError }) => isError).map(({ rule }) => rule);
    expect(errors).toEqual(expect.arrayContaining(rules));
  });

  test("each of them finds one of these faults", () => {
    const found = faults.flatMap(([, , , rules]) => rules.map((rule) => rule.split("/")[0]));
    expect(new Set(found)).toEqual(new Set(Object.keys(validators)));
  });
});
