/** What the runtime weighs in a bundle: minified, and as it travels. @bufbuild/protobuf is not counted. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const entries = {
  "client, messages=json": "client-json.ts",
  "client, messages=es": "client.ts",
  server: "server.ts",
};

for (const [name, entry] of Object.entries(entries)) {
  const { outputFiles } = await build({
    entryPoints: [new URL(`../templates/typescript/${entry}`, import.meta.url).pathname],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: ["@bufbuild/*"],
  });
  const [{ contents }] = outputFiles;
  const gzipped = gzipSync(contents, { level: 9 }).length;
  console.log(
    `${name.padEnd(24)} ${String(contents.length).padStart(6)} B minified  ${String(gzipped).padStart(6)} B gzipped`,
  );
}
