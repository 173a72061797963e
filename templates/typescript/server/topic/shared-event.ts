import { utf8 } from "../stream/chunk.js";
import type { EncodedEvent, EventEncoder, Frame } from "../stream/event-encoder.js";
import { Tracked } from "../stream/tracked.js";

/** An event that goes to many streams: whatever their number, it is encoded once for each method and format. */
export class SharedEvent<T> extends Tracked<T> {
  readonly #frames: Map<EventEncoder, Frame> = new Map();
  readonly #onEncode: (bytes: number) => void;

  /** `onEncode` is told how many bytes the event holds in addition from now on. */
  constructor(id: string, message: T, onEncode: (bytes: number) => void) {
    super(id, message);
    this.#onEncode = onEncode;
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
