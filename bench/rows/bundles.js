// @ts-check
/**
 * Bytes of a generated client in a page: all that esbuild puts into the bundle of one service, minified, with gzip at
 * level 9. The service has a unary method and a stream, or the unary method alone.
 *
 * The bundle exports a client that is ready to call. `messages=json` needs no other package. `messages=es` contains
 * protobuf-es and the messages, as does the client of Connect for the same service; the proto of Connect has no
 * annotations of ours, since it needs none. Sizes do not vary, so there is one round.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { fromBinary } from "@bufbuild/protobuf";
import { CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import { build } from "esbuild";
import { compile, createRequest, runEs, runOurs } from "../plugins.js";

const here = fileURLToPath(new URL("..", import.meta.url));
const cache = join(here, "../.cache/bench-bundles");
rmSync(cache, { recursive: true, force: true });

const proto = readFileSync(join(here, "proto/quotes/v1/quotes.proto"), "utf8");
const protos = {
  both: proto,
  unary: proto.replace(/ {2}rpc WatchTrades[\s\S]*?\n {2}}\n/, ""),
  connect: proto
    .replace(/^import .*\n/gm, "")
    .replace(/^ *option .*\n/gm, "")
    .replace(/ \[.*\]/g, ""),
};

/** @param {{ output: Buffer }} run @param {string} folder */
function writeAnswer({ output }, folder) {
  const { error, file } = fromBinary(CodeGeneratorResponseSchema, output);
  if (error !== "") {
    throw new Error(error);
  }
  for (const { name, content } of file) {
    write(join(folder, name), content);
  }
}

/** @param {string} path @param {string} text */
function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/**
 * @param {keyof typeof protos} name
 * @param {string} parameter For our plugin; empty to generate the messages alone.
 * @param {string} contents The module that is bundled.
 */
const size = (name, parameter, contents) => async () => {
  const folder = join(cache, `${name}-${parameter}`);
  write(join(folder, "proto/quotes/v1/quotes.proto"), protos[name]);
  const all = compile([join(folder, "proto"), "proto"], ["quotes/v1/quotes.proto"]);
  const own = all.filter((file) => !file.name.startsWith("google/"));
  writeAnswer(await runEs(createRequest(all, own, "target=ts,json_types=true"))(), folder);
  if (parameter !== "") {
    const service = all.filter((file) => file.name.startsWith("quotes/"));
    writeAnswer(await runOurs(createRequest(all, service, `emit=client,${parameter}`))(), folder);
  }
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder, loader: "ts" },
    nodePaths: [join(here, "node_modules")],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
  });
  return { gzip: gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length / 1000 };
};

const ours = `
  import { QuoteServiceClient } from "./quotes/v1/quotes_client.js";
  export const client = new QuoteServiceClient({ baseUrl: "/" });
`;
const connect = `
  import { createClient } from "@connectrpc/connect";
  import { createConnectTransport } from "@connectrpc/connect-web";
  import { QuoteService } from "./quotes/v1/quotes_pb.js";
  export const client = createClient(QuoteService, createConnectTransport({ baseUrl: "/" }));
`;

/**
 * @param {string} name
 * @param {Record<string, import("../harness.js").Subject>} subjects
 * @param {Omit<import("../harness.js").Figure, "unit">} target
 * @returns {import("../harness.js").Row}
 */
const row = (name, subjects, target) => ({
  name,
  subjects,
  figures: { gzip: { unit: "kB", ...target } },
  rounds: 1,
});

/** @type {import("../harness.js").Bench} */
export default {
  title: "Bundles of generated clients",
  packages: ["esbuild", "@bufbuild/protobuf", "@connectrpc/connect-web"],
  rows: [
    row("`messages=json`, a unary method and a stream", { ours: size("both", "messages=json", ours) }, { value: 6 }),
    row("`messages=json`, a unary method", { ours: size("unary", "messages=json", ours) }, { value: 3.5 }),
    row(
      "`messages=es`, a unary method and a stream",
      { ours: size("both", "messages=es", ours), "connect-web": size("connect", "", connect) },
      { value: 31, ratio: { "connect-web": 1 } },
    ),
    row("`messages=es`, a unary method", { ours: size("unary", "messages=es", ours) }, {}),
  ],
};
