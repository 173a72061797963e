import { isJsonObject, type JsonObject, type JsonValue } from "../../shared/json.js";

/** A body and its content type. */
export interface Content {
  readonly type: string;
  readonly body: NonNullable<RequestInit["body"]>;
}

/** A body of JSON. */
export function toJsonBody(json: JsonValue): Content {
  return { type: "application/json", body: JSON.stringify(json) };
}

/** The body and content type in the ProtoJSON of a google.api.HttpBody. */
export function fromHttpBody(json: JsonValue): Content {
  const { contentType, data }: JsonObject = isJsonObject(json) ? json : {};
  // ProtoJSON allows both alphabets of base64, atob only the first.
  const text = atob(
    String(data ?? "")
      .replace(/-/g, "+")
      .replace(/_/g, "/"),
  );
  return {
    type: String(contentType || "application/octet-stream"),
    body: Uint8Array.from(text, (char) => char.charCodeAt(0)),
  };
}

/** The ProtoJSON of a google.api.HttpBody with the content type and the bytes of a response. */
export function toHttpBody(contentType: string | null, bytes: Uint8Array): JsonObject {
  let text = "";
  // Every engine allows this many arguments.
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return { contentType: contentType ?? "", data: btoa(text) };
}
