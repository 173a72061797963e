import type { Frame } from "./event-encoder.js";

export const utf8: InstanceType<typeof TextEncoder> = new TextEncoder();

/** What goes out with the next chunk of a stream. */
export class Chunk {
  #text = "";
  /** The one frame that the chunk is: its bytes may be there already, shared among streams. */
  #single: Frame | undefined;

  /** In characters, which is what is cheap to know. */
  get length(): number {
    return this.#text.length;
  }

  /** Puts a text at the end. */
  write(text: string): void {
    this.#single = undefined;
    this.#text += text;
  }

  /** Puts a text at the beginning. */
  prefix(text: string): void {
    this.#single = undefined;
    this.#text = text + this.#text;
  }

  append(frame: Frame): void {
    this.#single = this.#text === "" ? frame : undefined;
    this.#text += frame.text;
  }

  /** The bytes. The chunk is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#single?.bytes ?? utf8.encode(this.#text);
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#single = undefined;
    this.#text = "";
  }
}
