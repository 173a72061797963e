import { BindError } from "./bind.js";

/** A header that a method takes, as its option `(sse.v1.header)` says. */
export interface HeaderRule {
  readonly name: string;
  /** Default `"string"`. */
  readonly type?: "integer" | "number" | "boolean";
  /** A format of JSON Schema's registry. Those that are not known here are not checked. */
  readonly format?: string;
  /** A request without it is refused. */
  readonly required?: true;
}

const types: Readonly<Record<string, RegExp>> = {
  integer: /^-?\d+$/,
  number: /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/,
  boolean: /^(true|false)$/,
};

/** JSON Schema, Validation, section 7.3, as far as an expression decides them in linear time. */
const formats: Readonly<Record<string, RegExp>> = {
  uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i,
  date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  time: /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[-+]\d\d:\d\d)$/i,
  "date-time":
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])t([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[-+]\d\d:\d\d)$/i,
  email: /^[^\s@]+@[^\s@]+$/,
};

/** Throws a `BindError` that names each header which is required and absent, or is not of its type. */
export function checkHeaders(headers: Headers, rules: readonly HeaderRule[]): void {
  const violations = rules.flatMap(({ name, type, format, required }) => {
    const value = headers.get(name);
    const field = name.toLowerCase();
    if (value === null) {
      return required ? [{ field, description: "header is required" }] : [];
    }
    const wrong = [type, format].find((rule) => {
      const pattern = rule && (types[rule] ?? formats[rule]);
      return pattern && !pattern.test(value);
    });
    return wrong ? [{ field, description: `header is not of type ${wrong}` }] : [];
  });
  if (violations.length > 0) {
    throw new BindError(violations);
  }
}
