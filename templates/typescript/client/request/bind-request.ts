import { decodeVariable } from "../../shared/decode-variable.js";
import { hasOwn, isJsonObject, type JsonObject, type JsonValue } from "../../shared/json.js";
import type { HttpBinding, MethodHttp, QueryField } from "../../shared/method.js";

/** The parts of an HTTP request that a message fills. */
export interface BoundRequest {
  /** The binding of the request. */
  readonly binding: HttpBinding;
  readonly method: string;
  /** Path and query, percent-encoded. Starts with `/`, and follows the base URL. */
  readonly path: string;
  /** The JSON of the body; undefined if there is no body. */
  readonly body: JsonValue | undefined;
}

/**
 * Splits the ProtoJSON of a request into path, query and body, by the first binding that can carry all of it, so that
 * the server reads the same message. Throws a RangeError if no binding can, with the reason of the first: a path variable
 * without a value or with a value that does not match its pattern, or a value that no URL can hold: `.`, `..` or an empty
 * string as a segment of the path, an empty message in the query, half of a surrogate pair.
 */
export function bindRequest({ bindings }: MethodHttp, request: JsonValue): BoundRequest {
  let firstError: unknown;
  for (const binding of bindings) {
    try {
      return bind(binding, request);
    } catch (error) {
      firstError ??= error;
    }
  }
  throw firstError;
}

function bind(binding: HttpBinding, request: JsonValue): BoundRequest {
  const { method, body, variables = [], query = {} } = binding;
  let rest: JsonValue | undefined = request;
  let content: JsonValue | undefined;
  let count = 0;
  const path = binding.path.replace(/\{[^=}]*=?([^}]*)\}/g, (_, given: string) => {
    const pattern = given || "*";
    const variable = variables[count++];
    if (!variable) {
      return pattern; // the plugin lists all variables
    }
    // Taken from the whole request: a message with two variables may be gone from the rest after the first.
    const [value] = take(request, variable.field, variable.implicit);
    const text = value == null || typeof value === "object" ? "" : toText(value);
    const path = expand(pattern, text);
    if (path === undefined) {
      throw new RangeError(`"${variable.field.join(".")}" is "${text}", which "${binding.path}" cannot hold`);
    }
    [, rest] = take(rest, variable.field);
    return path;
  });
  if (body === "*") {
    [content, rest] = [rest, undefined];
  } else if (body) {
    [content, rest] = take(rest, [body.field]);
  }
  const parameters: string[] = [];
  if (isJsonObject(rest)) {
    addFields("", rest, query[""]);
  }
  return { binding, method, path: parameters.length ? `${path}?${parameters.join("&")}` : path, body: content };

  function addFields(prefix: string, message: JsonObject, fields: Readonly<Record<string, QueryField>> = {}): void {
    for (const [key, { name = key, implicit }] of Object.entries(fields)) {
      if (implicit !== undefined && take(message, [key])[0] == null) {
        add(prefix + name, implicit);
      }
    }
    for (const [key, value] of Object.entries(message)) {
      const field = hasOwn(fields, key) ? fields[key] : undefined;
      const name = prefix + (field?.name ?? key);
      if (Array.isArray(value)) {
        for (const item of value) {
          add(name, item);
        }
      } else if (!isJsonObject(value)) {
        if (value !== null) {
          add(name, value);
        }
      } else if (field?.map) {
        for (const [key, item] of Object.entries(value)) {
          add(`${name}[${key}]`, item);
        }
      } else if (Object.keys(value).length) {
        addFields(`${name}.`, value, field?.message ? query[field.message] : undefined);
      } else {
        throw new RangeError(`"${name}" is an empty message, which cannot be a query parameter`);
      }
    }
  }

  function add(name: string, value: JsonValue): void {
    if (typeof value === "object") {
      throw new RangeError(`"${name}" contains an object, which cannot be a query parameter`);
    }
    parameters.push(`${encode(name)}=${encode(toText(value))}`);
  }
}

/**
 * The value of a field, or its implicit value if its message is set; and the message without the field, and without
 * messages that are empty then.
 */
function take(
  message: JsonValue | undefined,
  [name = "", ...inner]: readonly string[],
  implicit?: string,
): [value: JsonValue | undefined, left: JsonValue | undefined] {
  if (!isJsonObject(message)) {
    return [undefined, message];
  }
  const others = { ...message };
  const value = hasOwn(others, name) ? others[name] : undefined;
  delete others[name];
  if (!inner.length) {
    return [value ?? implicit ?? value, others];
  }
  const [found, left] = take(value, inner, implicit);
  if (isJsonObject(left) && Object.keys(left).length) {
    others[name] = left;
  }
  return [found, others];
}

/** The text of a variable in the path; undefined if it does not match its pattern, or if a URL would change it. */
function expand(pattern: string, text: string): string | undefined {
  const literals = pattern.split("/");
  const multi = literals.length > 1 || pattern === "**";
  const parts = multi ? text.split("/") : [text];
  const shape = literals.flatMap((part) => (part === "**" ? parts.slice(literals.length - 1).fill("*") : part));
  const fits = parts.every((part, index) => {
    const literal = shape[index] ?? "";
    // URLs drop the dots (WHATWG URL, 4.4), and proxies merge slashes.
    return literal === "*" ? !/^\.{0,2}$/.test(part) : decodeVariable(literal, multi) === part;
  });
  return fits && shape.length === parts.length
    ? shape.map((literal, index) => (literal === "*" ? encode(parts[index] ?? "") : literal)).join("/")
    : undefined;
}

/** A number as in JSON, except for -0, whose sign JSON loses. */
function toText(value: string | number | boolean): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw new RangeError(`"${text}" is not valid text: it has half of a surrogate pair`);
  }
}
