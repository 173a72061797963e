// @ts-check
/**
 * Unary calls: the CPU time of the server for each call, beside Hono with JSON.
 *
 * Both answer the same requests with the same JSON, behind the same adapter to node:http. The client is another
 * process with eight connections that are kept alive; its time does not count. One round warms up. Ours matches the
 * route, binds path and body to a message of protobuf-es, and checks and encodes the message that the handler returns;
 * Hono matches the route, reads the JSON and writes it, with no check of either.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { toNodeHandler } from "srvx/node";
import { cpuOf } from "../measure.js";
import { listen, load } from "../runtime.js";

const { createServer, defineService, MarketService } = await load(`
  export { createServer, defineService } from "./templates/typescript/server.ts";
  export { MarketService } from "./test/gen/market/v1/market_pb.ts";
`);

const CALLS = 4000;
const price = 187.25;

/** Sends the calls, and fails if an answer is wrong. */
const client = `
  const [port, method, path, calls] = process.argv.slice(1);
  const http = require("node:http");
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const headers = method === "POST" ? { "content-type": "application/json" } : {};
  let left = Number(calls);
  const send = () => {
    if (left-- <= 0) return;
    const request = http.request({ port, host: "127.0.0.1", method, path, agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => { text += part; });
      response.on("end", () => {
        if (text !== '{"symbol":"AAPL","price":187.25}') throw new Error(response.statusCode + " " + text);
        send();
      });
    });
    request.end(method === "POST" ? '{"symbol":"AAPL"}' : undefined);
  };
  for (let i = 0; i < 8; i++) send();
`;

const service = (/** @type {object} */ binding) =>
  defineService(
    MarketService,
    { getQuote: (/** @type {{ symbol: string }} */ { symbol }) => ({ symbol, price }) },
    { getQuote: { bindings: [binding] } },
  );
const ours = {
  GET: createServer({
    services: [service({ method: "GET", path: "/v1/quotes/{symbol}", variables: [{ field: ["symbol"] }] })],
  }),
  POST: createServer({ services: [service({ method: "POST", path: "/v1/quotes", body: "*" })] }),
};
const hono = new Hono();
hono.get("/v1/quotes/:symbol", (context) => context.json({ symbol: context.req.param("symbol"), price }));
hono.post("/v1/quotes", async (context) => {
  const { symbol } = await context.req.json();
  return context.json({ symbol, price });
});

/** @type {Record<string, (fetch: any) => any>} */
const adapters = { srvx: toNodeHandler, "@hono/node-server": getRequestListener };
const paths = { GET: "/v1/quotes/AAPL", POST: "/v1/quotes" };

/** @param {"GET" | "POST"} method @param {(fetch: any) => any} adapt @param {(request: Request) => unknown} fetch */
const call = (method, adapt, fetch) => async () => {
  const { port, close } = await listen(adapt((/** @type {Request} */ request) => fetch(request)));
  const time = await cpuOf(async () => {
    const argv = ["-e", client, `${port}`, method, paths[method], `${CALLS}`];
    const [status] = await once(spawn(process.execPath, argv, { stdio: "inherit" }), "close");
    if (status !== 0) {
      throw new Error(`the client failed: ${status}`);
    }
  });
  close();
  return { time: time / CALLS };
};

/** @type {import("../harness.js").Bench} */
export default {
  title: "Server: unary calls",
  packages: ["hono", "srvx", "@hono/node-server", "@bufbuild/protobuf"],
  rows: Object.entries(adapters).flatMap(([adapter, adapt]) =>
    /** @type {const} */ (["GET", "POST"]).map((method) => ({
      name: `${method}, ${adapter}`,
      figures: { time: { unit: "µs/call", ratio: { Hono: 2 } } },
      rounds: 7,
      warmup: 1,
      subjects: { ours: call(method, adapt, ours[method].fetch), Hono: call(method, adapt, hono.fetch) },
    })),
  ),
};
