import { type DescField, type DescMessage, type Message, toJson } from "@bufbuild/protobuf";
import { isJsonObject, type JsonValue } from "../../shared/json.js";
import { utf8 } from "../stream/chunk.js";
import type { JsonOptions } from "../stream/event-encoder.js";

/** The body of a unary answer. */
export interface UnaryBody {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** The body of an answer: the JSON of the message, or of its field `responseBody`; a `google.api.HttpBody` is itself. */
export function toUnaryBody(
  schema: DescMessage,
  message: Message,
  responseBody: string | undefined,
  json: JsonOptions,
): UnaryBody {
  const field =
    responseBody === undefined ? undefined : schema.fields.find(({ jsonName }) => jsonName === responseBody);
  if (field === undefined) {
    return isHttpBody(schema) ? toHttpBody(message) : toJsonBody(toJson(schema, message, json));
  }
  // Fields of a message are its properties; one of a oneof cannot be a response body of bytes.
  const value: unknown = Reflect.get(message, field.localName);
  if (field.fieldKind === "message" && isHttpBody(field.message)) {
    return toHttpBody(value ?? { contentType: "", data: new Uint8Array() });
  }
  return toJsonBody(fieldToJson(schema, message, field, json));
}

/** Whether a message is bytes with a content type of their own. */
export function isHttpBody(schema: DescMessage): boolean {
  return schema.typeName === "google.api.HttpBody";
}

/** google/api/httpbody.proto: `content_type` and `data`. */
function toHttpBody(value: unknown): UnaryBody {
  const { contentType, data } = value as { readonly contentType: string; readonly data: Uint8Array };
  // A copy: the body outlives this call, and its buffer may be a shared one.
  return { contentType: contentType || "application/octet-stream", body: data.slice() };
}

function toJsonBody(json: JsonValue): UnaryBody {
  return { contentType: "application/json", body: utf8.encode(JSON.stringify(json)) };
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
