import type { JsonReadOptions, JsonWriteOptions, Message } from "@bufbuild/protobuf";
import type { JsonObject } from "../../shared/json.js";

/** How messages become JSON and back; what protobuf-es calls so, and the registry for Any and extensions. */
export type JsonOptions = Partial<JsonReadOptions & JsonWriteOptions>;

/** One event as it goes over the wire. */
export interface EncodedEvent {
  readonly text: string;
  /** The stream ends after this event. */
  readonly terminal: boolean;
}

/** One event of a stream: its text, or the UTF-8 of it where streams share it. */
export interface Frame {
  readonly content: string | Uint8Array;
  readonly terminal: boolean;
}

/** The bytes of a stream in one format, for one method. Holds no state of a stream, so that all of them share it. */
export interface EventEncoder {
  readonly contentType: string;
  /** What stands before the first event. `cursor` is where a stream over an event log begins. */
  opening(cursor?: string): string;
  /** What is sent after a silence of `heartbeatMs`; 0 for never. */
  readonly heartbeat: string;
  readonly heartbeatMs: number;
  /** What ends a complete stream. */
  readonly end: string;
  /** The event of a message with the id that the handler gave it. Throws when it is no event. */
  encode(message: Message, id: string | undefined): EncodedEvent;
  /** What ends a stream that failed, with the JSON of a google.rpc.Status. */
  failure(status: JsonObject): string;
  /** What ends a stream that the server cuts, so that its client goes on elsewhere after `retryMs`. */
  handover(retryMs: number): string;
}
