/** The lines of a body, as they arrive. */
export async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let text = "";
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      const complete = (text + chunk.value).split("\n");
      text = complete.pop() ?? "";
      yield* complete;
    }
  } finally {
    await reader.cancel();
  }
}
