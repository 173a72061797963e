import { readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { didYouMean } from "./problems.js";

/** The fields of a document that generated values are merged over. */
export type BaseDocument = Readonly<Record<string, unknown>>;

/** The fields of an OpenAPI document (3.2.0, OpenAPI Object) that a base may have, and what they are. */
const BASE_FIELDS: Readonly<Record<string, "text" | "a list" | "an object">> = {
  openapi: "text",
  $self: "text",
  jsonSchemaDialect: "text",
  info: "an object",
  externalDocs: "an object",
  servers: "a list",
  security: "a list",
  tags: "a list",
  paths: "an object",
  webhooks: "an object",
  components: "an object",
};

/** Reads the document of the option `openapi_base`; a text says what is wrong with it. */
export function readBaseDocument(path: string): BaseDocument | string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // what node:fs throws
    const reason = code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`;
    return `got "${path}", and ${reason}; it is looked for in "${process.cwd()}"`;
  }
  const document = parseDocument(text, { prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) {
    return `"${path}" is neither YAML nor JSON: ${fault.message.split("\n")[0]?.replace(/:$/, "")}`;
  }
  const base: unknown = document.toJS({ maxAliasCount: -1 }); // its author runs us
  if (kindOf(base) !== "an object") {
    return `"${path}" holds ${kindOf(base)}, and no OpenAPI document`;
  }
  for (const [field, value] of Object.entries(base as BaseDocument)) {
    const kind = Object.hasOwn(BASE_FIELDS, field) ? BASE_FIELDS[field] : undefined;
    if (kind === undefined && !field.startsWith("x-")) {
      const names = Object.keys(BASE_FIELDS);
      return `"${path}": an OpenAPI document has no field "${field}"${didYouMean(field, names)}`;
    }
    if (kind !== undefined && kindOf(value) !== kind) {
      return `"${path}": "${field}" is ${kindOf(value)}, and in an OpenAPI document ${kind}`;
    }
  }
  const { info = {} } = base as { info?: BaseDocument }; // as just seen
  for (const field of ["title", "version"]) {
    const value = info[field];
    if (value !== undefined && typeof value !== "string") {
      return `"${path}": "info.${field}" is ${kindOf(value)}: quote it, and it is text`;
    }
  }
  return base as BaseDocument;
}

/** The names of the security schemes of a base: OpenAPI 3.2.0, Components Object. */
export function securitySchemesOf(base: BaseDocument | undefined): readonly string[] {
  const { components } = (base ?? {}) as { components?: { securitySchemes?: object | null } };
  return Object.keys(components?.securitySchemes ?? {});
}

function kindOf(value: unknown): string {
  if (typeof value === "string") {
    return "text";
  }
  if (Array.isArray(value)) {
    return "a list";
  }
  if (typeof value === "object" && value !== null) {
    return "an object";
  }
  return value === null || value === undefined ? "nothing" : `a ${typeof value}`;
}
