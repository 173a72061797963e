import type { JsonReadOptions, JsonWriteOptions, Message } from "@bufbuild/protobuf";
import type { JsonObject } from "../../shared/json.js";

/** Options of ProtoJSON: those of protobuf-es, and the registry for Any and extensions. */
export type JsonOptions = Partial<JsonReadOptions & JsonWriteOptions>;

/** One encoded event. */
export interface EncodedEvent {
  readonly text: string;
  /** The stream ends after this event. */
  readonly terminal: boolean;
}

/** One event of a stream: its text, or its UTF-8 bytes if streams share them. */
export interface Frame {
  readonly content: string | Uint8Array;
  readonly terminal: boolean;
}

/** The bytes of a stream in one format, for one method. Has no state of a stream, so all streams share it. */
export interface EventEncoder {
  readonly contentType: string;
  /** The text before the first event. `cursor` is where a stream over an event log begins. */
  opening(cursor?: string): string;
  /** What is sent after a silence of `heartbeatMs`; 0 for never. */
  readonly heartbeat: string;
  readonly heartbeatMs: number;
  /** The text that ends a complete stream. */
  readonly end: string;
  /** Encodes a message as an event, with the id that the handler set. Throws if it is not an event of the method. */
  encode(message: Message, id: string | undefined): EncodedEvent;
  /** The text that ends a failed stream, with the JSON of a google.rpc.Status. */
  failure(status: JsonObject): string;
  /** The text that ends a stream early, so that its client resumes elsewhere after `retryMs`. */
  handover(retryMs: number): string;
}
