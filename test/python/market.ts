/** The service of examples/market: a server for clients in Python, and the project that they are in. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { Code, createServer, StatusError, type StreamContext } from "protoc-gen-sse/server";
import { type Server, serve } from "srvx";
import { createPlugin } from "../../src/plugin.js";
import { compile, writeFiles } from "../golden.js";
import { cacheFolder, generateMessages } from "../golden-code.js";
import { writeMessages } from "./golden-python.js";

const FILE = "market/v1/market.proto";

/** The request for the code of the service. */
export function marketRequest(parameter: string): CodeGeneratorRequest {
  const protoFile = compile(["proto", "examples/market/proto"]);
  return create(CodeGeneratorRequestSchema, { fileToGenerate: [FILE], protoFile, parameter });
}

function generate(parameter: string): Record<string, string> {
  const { file, error } = createPlugin(() => {}).run(marketRequest(parameter));
  if (error) {
    throw new Error(error);
  }
  return Object.fromEntries(file.map(({ name, content }) => [name, content]));
}

/** Writes the messages, the client and the runtime, and returns the folder. */
export function writeMarketClient(name: string): string {
  const folder = cacheFolder(name);
  rmSync(folder, { recursive: true, force: true });
  writeMessages(folder, "google", marketRequest("").protoFile);
  writeFiles(folder, generate("target=python"));
  return folder;
}

/** Starts a server of the service, whose trades never end. */
export async function startMarketServer(name: string): Promise<Server> {
  const folder = cacheFolder(name);
  writeFiles(folder, { ...generateMessages(marketRequest("")), ...generate("emit=server,runtime=protoc-gen-sse") });
  const { createMarketService } = await import(join(folder, "market/v1/market_server.ts"));
  const market = createServer({
    services: [
      createMarketService({
        getQuote: ({ symbol }: { symbol: string }) => ({ symbol, price: 187.5 }),
        async *watchTrades({ symbol }: { symbol: string }, context: StreamContext<unknown>) {
          if (!/^[A-Z]+$/.test(symbol)) {
            throw new StatusError(Code.NotFound, `no such symbol: "${symbol}"`);
          }
          for (let sequence = Number(context.lastEventId ?? 0) + 1; ; sequence++) {
            yield { sequence: BigInt(sequence), symbol, price: 180 + (sequence % 10), size: 100 };
            await context.sleep(1);
          }
        },
        async *ask() {
          yield { event: { case: "toolCall", value: { name: "price of AAPL" } } };
          yield { event: { case: "delta", value: { text: "It rises." } } };
          yield { event: { case: "done", value: { deltas: 1 } } };
        },
      }),
    ],
  });
  const server = serve({
    fetch: (r: Request) => market.fetch(r),
    port: 0,
    hostname: "127.0.0.1",
    silent: true,
    gracefulShutdown: false,
  });
  await server.ready();
  return server;
}
