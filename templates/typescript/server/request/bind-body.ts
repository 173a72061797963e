import type { DescField, DescMessage, JsonReadOptions, Message } from "@bufbuild/protobuf";
import { FieldError, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { decodeJson } from "../../shared/codec/decode-json.js";
import { causeOf } from "../../shared/error.js";
import { hasOwn, isJsonObject, type JsonValue } from "../../shared/json.js";
import { findJsonError, type JsonError, MAX_DEPTH } from "../../shared/json-error.js";
import type { HttpBinding } from "../../shared/method.js";
import { BindError, type FieldViolation, notUtf8, quote } from "../errors/bind-error.js";
import { expectedText, isTextMessage, type MessageField } from "./parse-value.js";

/** The body of a request, unparsed. */
export interface BodyBytes {
  readonly body?: Uint8Array | undefined;
  readonly contentType?: string | undefined;
}

/** Makes the request message from its body. An empty body means no body. Throws a `BindError`. */
export interface BodyReader {
  readonly kind: "none" | "json" | "bytes";
  read(bytes: BodyBytes): Message;
}

/** Prepares reading the body of a binding: the message, a field of it, or bytes. */
export function createBodyReader(
  desc: DescMessage,
  { body, rawBody }: HttpBinding,
  options: Partial<JsonReadOptions>,
): BodyReader {
  const empty = () => reflect(desc, undefined, false);
  if (body === undefined) {
    return { kind: "none", read: () => empty().message };
  }
  if (body === "*") {
    return rawBody
      ? { kind: "bytes", read: (bytes) => setHttpBody(empty(), bytes) }
      : {
          kind: "json",
          read: ({ body }) => (isNone(body) ? empty().message : readJson(desc, body, (json) => json, options)),
        };
  }
  const field = desc.fields.find(({ jsonName }) => jsonName === body.field);
  if (field === undefined) {
    throw new Error(`${desc.typeName} has no field "${body.field}": generate the code again`);
  }
  if (rawBody && field.fieldKind === "message") {
    return { kind: "bytes", read: (bytes) => readHttpBodyField(empty(), field, bytes) };
  }
  return {
    kind: "json",
    read: ({ body }) =>
      isNone(body) ? empty().message : readJson(desc, body, (json) => ({ [field.jsonName]: json }), options),
  };
}

function readHttpBodyField(message: ReflectMessage, field: MessageField, bytes: BodyBytes): Message {
  if (isNone(bytes.body) && bytes.contentType === undefined) {
    return message.message;
  }
  const httpBody = reflect(field.message, undefined, false);
  setHttpBody(httpBody, bytes);
  message.set(field, httpBody);
  return message.message;
}

function isNone(body: Uint8Array | undefined): body is undefined {
  return body === undefined || body.length === 0;
}

function setHttpBody(httpBody: ReflectMessage, { body, contentType }: BodyBytes): Message {
  const set = (number: number, value: unknown) => {
    const field: DescField | undefined = httpBody.findNumber(number);
    if (field !== undefined && value !== undefined) {
      httpBody.set(field, value);
    }
  };
  set(1, contentType);
  set(2, body);
  return httpBody.message;
}

function readJson(
  desc: DescMessage,
  body: Uint8Array,
  wrap: (json: JsonValue) => JsonValue,
  options: Partial<JsonReadOptions>,
): Message {
  const json = wrap(parseJson(body));
  try {
    return decodeJson(desc, json, options);
  } catch (error) {
    const found = findJsonError(desc, json, error, options, ({ name }) => name);
    throw new BindError([found ? describeJsonError(desc, found) : toViolation(error)]);
  }
}

function describeJsonError(desc: DescMessage, { path, field, value, expected }: JsonError): FieldViolation {
  if (expected === "depth") {
    return { field: "", description: `the JSON nests deeper than ${MAX_DEPTH} messages` };
  }
  const got = Array.isArray(value)
    ? "a list"
    : isJsonObject(value)
      ? "an object"
      : typeof value === "string"
        ? quote(value)
        : String(value);
  return { field: path, description: `${got} is not ${describeExpected(desc, field, expected)}` };
}

function describeExpected(desc: DescMessage, field: DescField | undefined, expected: JsonError["expected"]): string {
  if (expected === "list") {
    return "a list";
  }
  if (expected === "map") {
    return "an object";
  }
  const message = field ? field.message : desc;
  return field && (message === undefined || isTextMessage(message)) ? expectedText(field) : `a ${message?.typeName}`;
}

/** An error of `fromJson`, which knows the field that failed, though not the way to it. */
function toViolation(error: unknown): FieldViolation {
  const { message } = error instanceof Error ? error : new Error(String(error));
  const cause = causeOf(error);
  return {
    field: cause instanceof FieldError ? cause.field().name : "",
    description: message.replace(/^cannot decode .*? from JSON:? /, ""),
  };
}

const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

function decodeText(body: Uint8Array): string {
  try {
    return decoder.decode(body);
  } catch {
    throw notUtf8();
  }
}

function parseJson(body: Uint8Array): JsonValue {
  const text = decodeText(body);
  let json: JsonValue;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BindError([{ field: "", description: `the body is not JSON: ${reason}` }]);
  }
  // Maps and Structs are plain objects in protobuf-es: this key would set their prototype. It may be written with escapes.
  if (/__proto__|\\u00/.test(text)) {
    refuseProto(json);
  }
  return json;
}

function refuseProto(json: JsonValue): void {
  const open: JsonValue[] = [json]; // JSON nests deeper than the call stack
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (isJsonObject(value) && hasOwn(value, "__proto__")) {
      throw new BindError([{ field: "", description: 'the key "__proto__" is not supported' }]);
    }
    if (typeof value === "object" && value !== null) {
      for (const item of Object.values(value)) {
        open.push(item);
      }
    }
  }
}
