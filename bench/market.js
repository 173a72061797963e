// @ts-check
/** A stream of trades, with our server and by hand. */
import { toNodeHandler } from "srvx/node";
import { listen, load } from "./runtime.js";

const runtime = await load(`
  export { createServer, createTopic } from "./templates/typescript/server.ts";
  export { createMarketService } from "./templates/typescript/testing/market-service.ts";
  export { TradeSchema } from "./test/gen/market/v1/market_pb.ts";
  export { create, toJsonString } from "@bufbuild/protobuf";
`);
export const { createTopic, TradeSchema } = runtime;

export const path = "/v1/trades/AAPL:watch";

/** Serves a handler of trades with our runtime. @param {Function} watchTrades */
export function serveRuntime(watchTrades) {
  const services = [runtime.createMarketService({ watchTrades }, { unimplemented: "501" })];
  return listen(toNodeHandler(runtime.createServer({ services }).fetch));
}

/** Serves streams by hand: the least that node:http can do. @param {(response: import("node:http").ServerResponse) => unknown} write */
export function serveRaw(write) {
  return listen((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform" });
    response.write(":sse/1 end\n");
    write(response);
  });
}

/** A frame as one writes it by hand, of a message. @param {number} sequence @param {string} symbol */
export function frame(sequence, symbol) {
  const message = runtime.create(TradeSchema, { sequence: BigInt(sequence), symbol });
  return `id: ${message.sequence}\ndata: ${runtime.toJsonString(TradeSchema, message)}\n\n`;
}
