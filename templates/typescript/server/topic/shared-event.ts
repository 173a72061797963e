import { utf8 } from "../stream/chunk.js";
import type { EncodedEvent, EventEncoder, Frame } from "../stream/event-encoder.js";
import { Tracked } from "../stream/event-id.js";

/** An event that goes to many streams: whatever their number, it is encoded once for each method and format. */
export class SharedEvent<T> extends Tracked<T> {
  readonly #frames: Map<EventEncoder, Frame> = new Map();
  readonly #read: () => T;
  readonly #onEncode: (bytes: number) => void;

  /** `read` gives the message. Calls `onEncode` with the number of bytes that an encoding adds to the event. */
  constructor(id: string, read: () => T, onEncode: (bytes: number) => void) {
    super(id, undefined as T); // the getter below is in its place
    this.#read = read;
    this.#onEncode = onEncode;
  }

  override get message(): T {
    return this.#read();
  }

  frame(encoder: EventEncoder, encode: () => EncodedEvent): Frame {
    let frame = this.#frames.get(encoder);
    if (frame === undefined) {
      const { text, terminal } = encode();
      const content = utf8.encode(text); // alone, as a text would be a second copy
      frame = { content, terminal };
      this.#frames.set(encoder, frame);
      this.#onEncode(content.byteLength);
    }
    return frame;
  }
}
