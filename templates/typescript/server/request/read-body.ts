import { onAbort } from "../errors/cancelled-error.js";
import { StatusError } from "../errors/status-error.js";

/**
 * The bytes of a request's body; none without a body. Counts while it reads, so that a body over
 * the limit is never held. Throws a `StatusError`: 413 for such a body, 400 for one that breaks off. Rejects with the
 * reason of `signal` when that is aborted.
 */
export async function readBody(request: Request, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const { body } = request;
  if (body === null) {
    return new Uint8Array(0);
  }
  if (Number(request.headers.get("content-length")) > maxBytes) {
    body.cancel().catch(() => {});
    throw tooLarge(maxBytes);
  }
  const reader = body.getReader();
  // A read that waits then ends as if the body did.
  const stopListening = onAbort(signal, () => reader.cancel().catch(() => {}));
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new StatusError(3, "the request body broke off", { cause });
      });
      signal.throwIfAborted();
      if (done) {
        return joinBytes(chunks, length);
      }
      length += value.byteLength;
      if (length > maxBytes) {
        reader.cancel().catch(() => {});
        throw tooLarge(maxBytes);
      }
      chunks.push(value);
    }
  } finally {
    stopListening();
  }
}

function tooLarge(maxBytes: number): StatusError {
  return new StatusError(8, `the request body is larger than ${maxBytes} bytes`, { status: 413 });
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
