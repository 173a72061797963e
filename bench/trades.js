// @ts-check
/** The trades of market.v1 that streams send: an event of 147 bytes each, as our server and as others write it. */

const BYTES = 147;

/** A trade as its ProtoJSON has it. @param {number} i */
export function trade(i) {
  const json = { sequence: String(1_000_000 + i), symbol: "", price: 100.25 + (i % 1000), size: 100 + (i % 500) };
  const length = frameOf(json).length;
  return { ...json, symbol: "A".repeat(BYTES - length) };
}

/** @param {ReturnType<typeof trade>} json */
function frameOf(json) {
  return `id: ${json.sequence}\ndata: ${JSON.stringify(json)}\n\n`;
}

/** A complete stream of trades. @param {number} count @param {number | "event"} size Bytes of a chunk, or an event in each. */
export function tradeStream(count, size) {
  const trades = Array.from({ length: count }, (_, i) => trade(i));
  const frames = [":sse/1 heartbeat=15000 end\n", ...trades.map(frameOf), ":end\n"];
  return { data: trades.map((each) => JSON.stringify(each)), chunks: cut(frames, size) };
}

/** The bytes of texts, cut into chunks. @param {string[]} texts @param {number | "event"} size */
export function cut(texts, size) {
  const encoder = new TextEncoder();
  if (size === "event") {
    return texts.map((text) => encoder.encode(text));
  }
  const bytes = encoder.encode(texts.join(""));
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** A response whose body is these chunks, each when it is asked for. @param {Uint8Array[]} chunks */
export function respond(chunks) {
  let next = 0;
  const body = new ReadableStream(
    {
      pull(controller) {
        const chunk = chunks[next++];
        if (chunk === undefined) {
          controller.close();
        } else {
          controller.enqueue(chunk);
        }
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
}
