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

/** What the ProtoJSON of a google.api.HttpBody holds. */
export function fromHttpBody(json: JsonValue): Content {
  const { contentType, data }: JsonObject = isJsonObject(json) ? json : {};
  // ProtoJSON takes both alphabets of base64; atob only the first.
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

/** The ProtoJSON of the google.api.HttpBody that a response's content type and bytes make. */
export function toHttpBody(contentType: string | null, bytes: Uint8Array): JsonObject {
  let text = "";
  // As many arguments as every engine takes.
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return { contentType: contentType ?? "", data: btoa(text) };
}
