/** A text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes one by one. */
export function singly(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

/** Bytes in chunks of one size. */
export function chunked(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let i = 0; i < bytes.length; i += size) {
    chunks.push(bytes.subarray(i, i + size));
  }
  return chunks;
}

/** Bytes cut at offsets, which may be equal: a chunk may be empty. */
export function cutAt(bytes: Uint8Array, ...offsets: number[]): Uint8Array[] {
  return [0, ...offsets].map((offset, i) => bytes.subarray(offset, offsets[i] ?? bytes.length));
}

/** The ways to cut bytes that must not change what a decoder finds: no cut, everywhere, at any one place, and in short input at any two. */
export function* everySplit(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes];
  yield singly(bytes);
  for (let i = 0; i <= bytes.length; i++) {
    yield cutAt(bytes, i);
    if (bytes.length <= 48) {
      for (let j = i; j <= bytes.length; j++) {
        yield cutAt(bytes, i, j);
      }
    }
  }
}
