// @ts-check
/**
 * Bytes of the runtime in a bundle: what an application adds to its pages, minified by esbuild, with gzip at level 9.
 *
 * Sizes do not vary, so there is one round. `@bufbuild/protobuf` is not counted.
 */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** @param {string} contents */
const size = (contents) => async () => {
  const { outputFiles } = await build({
    stdin: {
      contents,
      resolveDir: fileURLToPath(new URL("../../templates/typescript", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: ["@bufbuild/*"],
  });
  const [{ contents: bundle }] = outputFiles;
  return { gzip: gzipSync(bundle, { level: 9 }).length / 1000 };
};

const entries = {
  "client of `messages=json`, what generated code imports":
    'export { callStream, callUnary, defineMethod } from "./client-json.js"',
  "client of `messages=json`, everything": 'export * from "./client-json.js"',
  "client of `messages=es`, what generated code imports":
    'export { callStream, callUnary, defineMethod } from "./client.js"',
  "client of `messages=es`, everything": 'export * from "./client.js"',
  "server, what generated code imports": 'export { createServer, defineService } from "./server.js"',
  "server, everything": 'export * from "./server.js"',
};

/** @type {import("../harness.js").Bench} */
export default {
  title: "Sizes of the runtime",
  packages: ["esbuild"],
  rows: Object.entries(entries).map(([name, contents]) => ({
    name,
    figures: { gzip: { unit: "kB" } },
    subjects: { ours: size(contents) },
    rounds: 1,
  })),
};
