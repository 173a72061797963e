import type { DescField, DescMessage, JsonReadOptions, Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { decodeVariable } from "../../shared/decode-variable.js";
import type { HttpBinding } from "../../shared/method.js";
import { BindError, quote, Violations } from "../errors/bind-error.js";
import { createBodyReader } from "./bind-body.js";
import { bindQuery } from "./bind-query.js";
import { type MessageField, openMessage, setText } from "./parse-value.js";
import { parsePathPattern } from "./path-pattern.js";
import { createQueryScope } from "./query-scope.js";

export { BindError, type FieldViolation } from "../errors/bind-error.js";

/** How requests are read. */
export interface BindOptions {
  /** What becomes of a query parameter that no field has. Default `"ignore"`. */
  readonly unknownQuery?: "ignore" | "reject" | undefined;
  /** Query parameters that are known though no field has them, as `last_event_id`. */
  readonly reserved?: readonly string[] | undefined;
  /** Options of `fromJson`: `registry`, `recursionLimit`. Unknown fields are ignored unless they say otherwise. */
  readonly json?: Partial<JsonReadOptions> | undefined;
}

/** What the message of a request is read from. */
export interface RequestContent {
  /** The variables of the route's match. */
  readonly variables: readonly string[];
  /** The query of the URL, with or without the `?`, percent escapes as they came. */
  readonly query: string;
  /** The body as bytes, or as text if it is JSON; undefined or empty for none. */
  readonly body?: Uint8Array | undefined;
  /** The `Content-Type` of the request; of use for a `google.api.HttpBody` alone. */
  readonly contentType?: string | undefined;
}

/** Reads the requests of one binding. */
export interface Binder {
  /** What the request's body is: JSON, the bytes of a `google.api.HttpBody` of any content type, or not read at all. */
  readonly body: "none" | "json" | "bytes";
  /** The message of a request. Throws BindError, which is a 400. */
  bind(content: RequestContent): Message;
}

/**
 * A reader of the requests of one binding, each leaf from one place: the path's variables, then the body,
 * then the query. A field that the path binds is not looked for in the query, and the body's value for it
 * is not used. Two members of one oneof are refused, wherever they come from.
 */
export function createBinder(desc: DescMessage, binding: HttpBinding, options: BindOptions = {}): Binder {
  const variables = createVariables(desc, binding);
  const body = createBodyReader(desc, binding, { ignoreUnknownFields: true, ...options.json });
  const scope = createQueryScope(desc, binding);
  const query = { unknown: options.unknownQuery ?? "ignore", reserved: new Set(options.reserved) };
  return {
    body: body.kind,
    bind(content) {
      if (binding.bodyRequired && !content.body?.length) {
        throw new BindError([{ field: "", description: "the request has no body" }]);
      }
      const message = reflect(desc, body.read(content), false);
      const violations = new Violations();
      for (const [index, variable] of variables.entries()) {
        setVariable(message, variable, content.variables[index] ?? "", violations);
      }
      bindQuery(message, scope, content.query, query, violations);
      violations.throwIfAny();
      return message.message;
    },
  };
}

interface Variable {
  /** The messages on the way to `field`, outermost first. */
  readonly holders: readonly MessageField[];
  readonly field: DescField;
  readonly multi: boolean;
}

function createVariables(desc: DescMessage, { path, variables = [] }: HttpBinding): Variable[] {
  const spans = parsePathPattern(path).variables;
  return variables.map(({ field: names }, index) => {
    const holders: MessageField[] = [];
    let inner: DescMessage | undefined = desc;
    let field: DescField | undefined;
    for (const name of names) {
      if (field?.fieldKind === "message") {
        holders.push(field);
      }
      field = inner?.fields.find(({ jsonName }) => jsonName === name);
      inner = field?.fieldKind === "message" ? field.message : undefined;
    }
    const span = spans[index];
    if (field === undefined || span === undefined) {
      throw new Error(`"${path}" has no variable "${names.join(".")}" of ${desc.typeName}: generate the code again`);
    }
    return { holders, field, multi: span.multi };
  });
}

function setVariable(message: ReflectMessage, variable: Variable, raw: string, violations: Violations): void {
  let holder: ReflectMessage | undefined = message;
  let path = "";
  for (const field of variable.holders) {
    holder = openMessage(holder, field, path + field.name, violations);
    if (holder === undefined) {
      return;
    }
    path += `${field.name}.`;
  }
  path += variable.field.name;
  const text = decodeValue(raw, variable.multi);
  if (text === undefined) {
    violations.add(path, `${quote(raw)} is not percent-encoded UTF-8`);
  } else {
    setText(holder, variable.field, text, path, violations);
  }
}

function decodeValue(raw: string, multi: boolean): string | undefined {
  try {
    return decodeVariable(raw, multi);
  } catch {
    return undefined;
  }
}
