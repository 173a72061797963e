// The runtime as it stands in templates/, the messages of the tests, and two servers that say the same with them.
import { createServer as createHttpServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { toNodeHandler } from "srvx/node";

const { outputFiles } = await build({
  stdin: {
    contents: `
      export { createServer, createTopic } from "./templates/typescript/server.ts";
      export { createMarketService } from "./templates/typescript/testing/market-service.ts";
      export { TradeSchema } from "./test/gen/market/v1/market_pb.ts";
      export { create, toJsonString } from "@bufbuild/protobuf";
    `,
    resolveDir: fileURLToPath(new URL("..", import.meta.url)),
  },
  bundle: true,
  format: "esm",
  platform: "node",
  write: false,
});
const runtime = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
export const { createTopic, TradeSchema } = runtime;

/** The path of a stream of trades. */
export const path = "/v1/trades/AAPL:watch";

/** Serves a handler of trades with our runtime; resolves to the port. */
export function serveRuntime(watchTrades) {
  const services = [runtime.createMarketService({ watchTrades }, { unimplemented: "501" })];
  return listen(toNodeHandler(runtime.createServer({ services }).fetch));
}

/** Serves streams by hand: the least that node:http can do. */
export function serveRaw(write) {
  return listen((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform" });
    response.write(":sse/1 end\n");
    write(response);
  });
}

/** A frame as one writes it by hand, of a message. */
export function frame(sequence, symbol) {
  const message = runtime.create(TradeSchema, { sequence: BigInt(sequence), symbol });
  return `id: ${message.sequence}\ndata: ${runtime.toJsonString(TradeSchema, message)}\n\n`;
}

async function listen(handler) {
  const server = createHttpServer(handler);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: server.address().port, close: () => server.closeAllConnections() ?? server.close() };
}
