// @ts-check
/**
 * One start of the plugin for one small file, beside protoc-gen-es. buf starts a plugin once for each directory.
 *
 * Both read a request for the proto of examples/market and write TypeScript: ours the client, the server, the document
 * and the runtime; protoc-gen-es the messages. CPU time and memory of the whole process. Two rounds warm the caches of
 * the disk. An empty request shows what loading alone costs.
 */
import { createRequest, loadMarket, runEs, runOurs } from "../plugins.js";

const market = loadMarket();
const input = createRequest(
  market,
  market.filter(({ name }) => name === "market/v1/market.proto"),
  "target=ts",
);

/** @type {import("../harness.js").Bench} */
export default {
  title: "Plugin: start-up",
  packages: ["@bufbuild/protoc-gen-es"],
  rows: [
    {
      name: "one small file",
      rounds: 21,
      figures: { CPU: { unit: "ms", ratio: { "protoc-gen-es": 0.35 } }, memory: { unit: "MiB" } },
      subjects: { ours: runOurs(input), "protoc-gen-es": runEs(input) },
    },
    {
      name: "an empty request",
      rounds: 21,
      figures: { CPU: { unit: "ms" } },
      subjects: { ours: runOurs(new Uint8Array()), "protoc-gen-es": runEs(new Uint8Array()) },
    },
  ],
};
