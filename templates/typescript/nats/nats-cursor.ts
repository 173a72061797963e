import { type Cursor, CursorError, type Entry } from "../server.js";
import type { NatsHeaders, NatsMessage } from "./nats-client.js";

/** An entry, or the beginning of a topic, in its stream. */
export interface NatsPlace {
  readonly cursor: Cursor;
  readonly seq: number;
}

const encoder = new TextEncoder();

/** The place of a cursor. Throws a `CursorError` for any other text. */
export function toPlace(cursor: Cursor): NatsPlace {
  const [, seq] = /^b?(0|[1-9]\d{0,14})\.[0-9a-z]{1,14}$/.exec(cursor) ?? [];
  if (seq === undefined) {
    throw new CursorError(cursor, "unknown");
  }
  return { cursor, seq: Number(seq) };
}

export function toEntry({ seq, data, headers, time }: NatsMessage): Entry {
  return { cursor: cursorOf(seq, headers, time), data: new Uint8Array(data), time: time.getTime() };
}

/** A message without a message id, which another program published, is recognized by its time. */
export function cursorOf(seq: number, headers: NatsHeaders | undefined, time: Date): Cursor {
  return `${seq}.${hash(headers?.get("Nats-Msg-Id") || time.toISOString())}`;
}

/**
 * The subject of a topic. Spaces, wildcards and characters beyond ASCII are percent-encoded. An empty token becomes `%`. No two
 * topics have the same subject.
 */
export function toSubject(topic: string): string {
  const encode = (character: string) =>
    [...encoder.encode(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  return topic
    .split(".")
    .map((token) => token.replace(/[^\w:$@=+~-]/gu, encode) || "%")
    .join(".");
}

/** Two FNV-1a hashes of 32 bits over the UTF-8 form, with different starts, in base 36. */
export function hash(text: string): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (const byte of encoder.encode(text)) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x01000193);
  }
  return `${(a >>> 0).toString(36)}${(b >>> 0).toString(36)}`;
}
