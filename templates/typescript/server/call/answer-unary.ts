import { type DescField, type DescMessage, type Message, toJson } from "@bufbuild/protobuf";
import { encodeJson } from "../../shared/codec/encode-json.js";
import { isJsonObject, type JsonValue } from "../../shared/json.js";
import type { HttpBinding } from "../../shared/method.js";
import { utf8 } from "../stream/chunk.js";
import type { JsonOptions } from "../stream/event-encoder.js";
import type { Call } from "./call.js";
import type { Next, UnaryRequest } from "./interceptor.js";

/** Answers a unary call. Never rejects. */
export async function answerUnary<C>(
  call: Call,
  request: UnaryRequest<C>,
  handle: Next<C>,
  binding: HttpBinding,
  json: JsonOptions,
): Promise<Response> {
  const { method } = request;
  try {
    const response = await call.run(() => handle(request));
    if (response.kind !== "unary") {
      throw new TypeError(`interceptor answered the unary method ${method.name} with a stream`);
    }
    const { contentType, body } = toUnaryBody(method.output, response.message, binding, json);
    return call.respond(200, { "Content-Type": contentType }, body);
  } catch (error) {
    return call.fail(error);
  }
}

/** The body of a unary answer. */
export interface UnaryBody {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** The body of an answer: the JSON of the message or of its field `responseBody`, or the bytes of a `google.api.HttpBody`. */
export function toUnaryBody(
  schema: DescMessage,
  message: Message,
  { responseBody, rawResponse }: HttpBinding,
  json: JsonOptions,
): UnaryBody {
  const field =
    responseBody === undefined ? undefined : schema.fields.find(({ jsonName }) => jsonName === responseBody);
  if (field === undefined) {
    return rawResponse ? toHttpBody(message) : toJsonBody(encodeJson(schema, message, json));
  }
  // Fields of a message are its properties; one of a oneof cannot be a response body of bytes.
  const value: unknown = Reflect.get(message, field.localName);
  if (rawResponse) {
    return toHttpBody(value ?? { contentType: "", data: new Uint8Array() });
  }
  return toJsonBody(JSON.stringify(fieldToJson(schema, message, field, json)));
}

/** google/api/httpbody.proto: `content_type` and `data`. */
function toHttpBody(value: unknown): UnaryBody {
  const { contentType, data } = value as { readonly contentType: string; readonly data: Uint8Array };
  // A copy: the body outlives this call, and its buffer may be a shared one.
  return { contentType: contentType || "application/octet-stream", body: data.slice() };
}

function toJsonBody(json: string): UnaryBody {
  return { contentType: "application/json", body: utf8.encode(json) };
}

/** The JSON of one field. ProtoJSON leaves out what has its default value, but a body has to say it. */
function fieldToJson(schema: DescMessage, message: Message, field: DescField, options: JsonOptions): JsonValue {
  const key = options.useProtoFieldName ? field.name : field.jsonName;
  for (const alwaysEmitImplicit of [options.alwaysEmitImplicit ?? false, true]) {
    const json = toJson(schema, message, { ...options, alwaysEmitImplicit });
    const value = isJsonObject(json) ? json[key] : undefined;
    if (value !== undefined) {
      return value;
    }
  }
  return null;
}
