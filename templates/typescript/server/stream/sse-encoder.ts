import { type DescField, type DescMessage, type DescOneof, type Message, toJson } from "@bufbuild/protobuf";
import { encodeJson } from "../../shared/codec/encode-json.js";
import type { JsonObject } from "../../shared/json.js";
import type { StreamRule } from "../../shared/method.js";
import type { EncodedEvent, EventEncoder, JsonOptions } from "./event-encoder.js";
import { createIdReader, type IdReader } from "./event-id.js";

/** How one member of a oneof of events is written. */
interface Member {
  /** The `event:` line. */
  readonly head: string;
  /** The JSON of the member. */
  readonly encode: (message: Message) => string;
  readonly terminal: boolean;
}

/** Server-Sent Events (WHATWG HTML 9.2.5), the default format of a stream. */
export class SseEncoder implements EventEncoder {
  readonly contentType = "text/event-stream";
  readonly heartbeat = ":\n";
  readonly heartbeatMs: number;
  readonly end: string;
  readonly #promises: string;
  readonly #retry: string;
  readonly #schema: DescMessage;
  readonly #json: JsonOptions;
  readonly #errorEvent: string;
  /** The `event:` line of a stream with one kind of message; empty where its events have no name. */
  readonly #eventLine: string;
  readonly #idOf: IdReader | undefined;
  readonly #oneof: DescOneof | undefined;
  readonly #members: ReadonlyMap<string, Member>;

  constructor(schema: DescMessage, rule: StreamRule, heartbeatMs: number, json: JsonOptions) {
    this.#schema = schema;
    this.#json = json;
    this.heartbeatMs = heartbeatMs;
    this.#promises = `:sse/1${heartbeatMs > 0 ? ` heartbeat=${heartbeatMs}` : ""} end`;
    this.#retry = rule.retryMs === undefined ? "" : `retry: ${rule.retryMs}\n`;
    this.end = `${rule.terminalData === undefined ? "" : `${dataLines(rule.terminalData)}\n`}:end\n`;
    this.#errorEvent = checkEventName(rule.errorEvent ?? "error");
    this.#eventLine = rule.eventName === undefined ? "" : `event: ${checkEventName(rule.eventName)}\n`;
    this.#idOf = rule.id === undefined ? undefined : createIdReader(findField(schema, rule.id));
    const fields = Object.entries(rule.events ?? {}).map(([name, { field, terminal = false }]) => {
      const desc = findField(schema, field);
      const encode = createMemberEncoder(desc, json);
      return [desc, { head: `event: ${checkEventName(name)}\n`, encode, terminal }] as const;
    });
    this.#oneof = fields[0]?.[0].oneof;
    this.#members = new Map(fields.map(([desc, member]) => [desc.localName, member]));
  }

  opening(cursor?: string): string {
    // Comments end with one LF: several clients dispatch an empty event at every blank line.
    return `${this.#promises}${cursor === undefined ? "" : ` cursor=${cursor}`}\n${this.#retry}`;
  }

  encode(message: Message, id: string | undefined): EncodedEvent {
    const member = this.#oneof && this.#memberOf(message, this.#oneof);
    const data = member ? member.encode(message) : encodeJson(this.#schema, message, this.#json);
    const eventId = id ?? this.#idOf?.(message);
    const head = eventId === undefined ? "" : `id: ${eventId}\n`;
    return { text: `${head}${member?.head ?? this.#eventLine}data: ${data}\n\n`, terminal: member?.terminal ?? false };
  }

  failure(status: JsonObject): string {
    return `event: ${this.#errorEvent}\n${dataLines(JSON.stringify(status))}\n`;
  }

  handover(retryMs: number): string {
    return `retry: ${retryMs}\n`;
  }

  #memberOf(message: Message, oneof: DescOneof): Member {
    const value: unknown = Reflect.get(message, oneof.localName);
    // A oneof of protobuf-es is an object with the name of its member in `case`.
    const member = this.#members.get((value as { case?: string }).case ?? "");
    if (member === undefined) {
      throw new TypeError(`${message.$typeName} without an event: set a member of its oneof "${oneof.name}"`);
    }
    return member;
  }
}

/**
 * The only field outside the oneof is `event_id`. It is not part of an event, but it has to be set if it is required.
 */
function createMemberEncoder({ parent, message, name, jsonName, oneof }: DescField, json: JsonOptions) {
  const isRequired = parent.fields.some(({ presence }) => presence === 3); // FeatureSet.FieldPresence.LEGACY_REQUIRED
  if (oneof && message && message.typeName !== "google.protobuf.Struct" && !isRequired) {
    // A oneof of protobuf-es has the message of its member in `value`; a Struct is bare.
    return (event: Message) =>
      encodeJson(message, (Reflect.get(event, oneof.localName) as { value: Message }).value, json);
  }
  const key = json.useProtoFieldName ? name : jsonName;
  // The JSON of a message with fields of its own is an object.
  return (event: Message) => JSON.stringify((toJson(parent, event, json) as JsonObject)[key]);
}

/** The `data:` lines of a text; a line break of any kind begins another. */
function dataLines(text: string): string {
  const lines = text.split(/\r\n|\r|\n/);
  return lines.map((line) => `data: ${line}\n`).join("");
}

function checkEventName(name: string): string {
  if (name === "" || /[\r\n\0]/.test(name)) {
    throw new TypeError(`event name ${JSON.stringify(name)} is empty, or has a line break or NUL: use another`);
  }
  return name;
}

function findField(schema: DescMessage, jsonName: string): DescField {
  const field = schema.fields.find((candidate) => candidate.jsonName === jsonName);
  if (field === undefined) {
    throw new Error(`${schema.typeName} has no field "${jsonName}": generate the _server.ts again`);
  }
  return field;
}
