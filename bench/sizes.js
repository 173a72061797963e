/** What the runtime weighs in a bundle: minified, and as it travels. @bufbuild/protobuf is not counted. */

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const entries = {
  "what a client of messages=json imports": 'export { Transport, defineMethod } from "./client-json.js"',
  "client-json, everything": 'export * from "./client-json.js"',
  "what a client of messages=es imports": 'export { Transport, defineMethod } from "./client.js"',
  "client, everything": 'export * from "./client.js"',
  "what a server imports": 'export { createServer, defineService } from "./server.js"',
  "server, everything": 'export * from "./server.js"',
};

for (const [name, contents] of Object.entries(entries)) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("../templates/typescript", import.meta.url)), loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: ["@bufbuild/*"],
  });
  const [{ contents: bundle }] = outputFiles;
  const gzipped = gzipSync(bundle, { level: 9 }).length;
  console.log(
    `${name.padEnd(40)} ${String(bundle.length).padStart(6)} B minified  ${String(gzipped).padStart(6)} B gzipped`,
  );
}
