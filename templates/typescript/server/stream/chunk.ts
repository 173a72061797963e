import type { Frame } from "./event-encoder.js";

/** Encodes text as UTF-8. */
export const utf8: InstanceType<typeof TextEncoder> = new TextEncoder();

/** The next chunk of a stream: texts, and bytes that streams share. */
export class Chunk {
  #parts: (string | Uint8Array)[] = [];
  #length = 0;

  /** In characters or bytes, whichever is known without encoding. */
  get length(): number {
    return this.#length;
  }

  /** Puts a text at the end. */
  write(text: string): void {
    this.#add(text);
  }

  /** Puts a text at the beginning. */
  prefix(text: string): void {
    if (text === "") {
      return;
    }
    this.#parts.unshift(text);
    this.#length += text.length;
  }

  append({ content }: Frame): void {
    this.#add(content);
  }

  /** The bytes. The chunk is empty afterwards. */
  take(): Uint8Array {
    const parts = this.#parts;
    this.clear();
    const [bytes = new Uint8Array(0), ...others] = parts.map(toBytes);
    if (others.length === 0) {
      return bytes;
    }
    const length = others.reduce((sum, part) => sum + part.byteLength, bytes.byteLength);
    return joinBytes([bytes, ...others], length);
  }

  clear(): void {
    this.#parts = [];
    this.#length = 0;
  }

  #add(content: string | Uint8Array): void {
    if (content.length === 0) {
      return;
    }
    const last = this.#parts.length - 1;
    const before = this.#parts[last];
    if (typeof content === "string" && typeof before === "string") {
      this.#parts[last] = before + content;
    } else {
      this.#parts.push(content);
    }
    this.#length += content.length;
  }
}

function toBytes(part: string | Uint8Array): Uint8Array {
  return typeof part === "string" ? utf8.encode(part) : part;
}

/** The bytes of all chunks, which are `length` together. */
export function joinBytes(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) {
    return first;
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
