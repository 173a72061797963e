import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Schema } from "../objects.js";

/** Formats of the OpenAPI registry that ajv-formats has not, or takes for numbers alone. */
const formats = {
  int32: { type: "number", validate: (n: number) => Number.isInteger(n) && n === (n | 0) },
  uint32: { type: "number", validate: (n: number) => Number.isInteger(n) && n === n >>> 0 },
  int64: { type: "string", validate: (s: string) => inRange(s, -(2n ** 63n), 2n ** 63n - 1n) },
  uint64: { type: "string", validate: (s: string) => inRange(s, 0n, 2n ** 64n - 1n) },
  float: { type: "number", validate: () => true },
  double: { type: "number", validate: () => true },
  byte: { type: "string", validate: (s: string) => Buffer.from(s, "base64").toString("base64") === s },
} as const;

function inRange(text: string, min: bigint, max: bigint): boolean {
  return /^-?\d+$/.test(text) && BigInt(text) >= min && BigInt(text) <= max;
}

/**
 * Checks JSON against the schemas of a document, by JSON Schema 2020-12 with formats asserted; and strings
 * that are JSON against their `contentSchema`, which the specification leaves to applications.
 */
export function createChecker(document: object): (schema: Schema, value: unknown) => string[] {
  // Own properties only: every object inherits a `constructor`.
  const ajv = new Ajv2020({ strict: false, allErrors: true, ownProperties: true });
  addFormats.default(ajv);
  for (const [name, format] of Object.entries(formats)) {
    ajv.addFormat(name, format);
  }
  ajv.removeKeyword("contentSchema");
  ajv.addKeyword({
    keyword: "contentSchema",
    type: "string",
    compile: (schema: Schema) => (text: string) => isJson(text) && check(schema, JSON.parse(text)).length === 0,
  });
  // Without the keywords of a schema, so that the document is only what `$ref` looks into.
  ajv.addSchema({ $id: "document", ...JSON.parse(JSON.stringify(document)) });
  const compiled = new Map<string, ValidateFunction>();
  return check;

  function check(schema: Schema, value: unknown): string[] {
    const text = JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"document#/');
    const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text));
    compiled.set(text, validate);
    return validate(value) ? [] : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.schemaPath} ${e.message}`);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
