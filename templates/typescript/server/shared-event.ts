import type { DescMessage } from "@bufbuild/protobuf";
import { utf8 } from "./chunk.js";
import type { EventEncoder, Frame } from "./event-encoder.js";
import { toMessage } from "./to-message.js";
import { Tracked } from "./tracked.js";

/** An event that goes to many streams: whatever their number, it is encoded once for each method and format. */
export class SharedEvent<T> extends Tracked<T> {
  readonly #frames: Map<EventEncoder, Frame> = new Map();

  frame(encoder: EventEncoder, encode: () => Frame): Frame {
    let frame = this.#frames.get(encoder);
    if (frame === undefined) {
      const { text, terminal } = encode();
      frame = { text, terminal, bytes: utf8.encode(text) };
      this.#frames.set(encoder, frame);
    }
    return frame;
  }
}

/** The frame of what a handler yielded: a message or its init shape, tracked or not. Throws for what is no event of the method. */
export function toFrame(schema: DescMessage, encoder: EventEncoder, value: unknown): Frame {
  if (value instanceof SharedEvent) {
    return value.frame(encoder, () => encoder.encode(toMessage(schema, value.message), value.id));
  }
  if (value instanceof Tracked) {
    return encoder.encode(toMessage(schema, value.message), value.id);
  }
  return encoder.encode(toMessage(schema, value), undefined);
}
