import type { DescMessage, Message } from "@bufbuild/protobuf";
import { Code } from "../../shared/code.js";
import { encodeJson } from "../../shared/codec/encode-json.js";
import type { JsonObject } from "../../shared/json.js";
import type { StreamRule } from "../../shared/method.js";
import type { EncodedEvent, EventEncoder, JsonOptions } from "./event-encoder.js";

/** JSON Lines for clients that read empty lines and a last line `{"@end":{}}` as control frames. */
export const jsonLinesProfile = "application/jsonl; profile=sse-1";

/** JSON Lines: one message per line, without ids. Only `jsonLinesProfile` has an opening, heartbeats and an end. */
export class JsonLinesEncoder implements EventEncoder {
  readonly contentType: string;
  readonly #opening: string;
  readonly heartbeat = "\n";
  readonly heartbeatMs: number;
  readonly end: string;
  readonly #schema: DescMessage;
  readonly #json: JsonOptions;
  readonly #isTerminal: (message: Message) => boolean;

  constructor(contentType: string, schema: DescMessage, rule: StreamRule, heartbeatMs: number, json: JsonOptions) {
    const hasProfile = contentType === jsonLinesProfile;
    this.contentType = contentType;
    this.#opening = hasProfile ? "\n" : "";
    this.heartbeatMs = hasProfile ? heartbeatMs : 0;
    this.end = hasProfile ? '{"@end":{}}\n' : "";
    this.#schema = schema;
    this.#json = json;
    const terminal = Object.values(rule.events ?? {}).flatMap(({ field, terminal }) => (terminal ? [field] : []));
    const fields = schema.fields.filter(({ jsonName }) => terminal.includes(jsonName));
    this.#isTerminal = (message) =>
      fields.some(
        ({ oneof, localName }) => oneof && Reflect.get(Reflect.get(message, oneof.localName), "case") === localName,
      );
  }

  /** Lines have no ids, so there is no cursor either. */
  opening(): string {
    return this.#opening;
  }

  encode(message: Message): EncodedEvent {
    const text = `${encodeJson(this.#schema, message, this.#json)}\n`;
    return { text, terminal: this.#isTerminal(message) };
  }

  failure(status: JsonObject): string {
    return `${JSON.stringify({ "@error": status })}\n`;
  }

  /** The format knows no `retry`, and a body that just ended would be taken for a whole one. */
  handover(): string {
    return this.failure({ code: Code.Unavailable, message: "the server is shutting down" });
  }
}
