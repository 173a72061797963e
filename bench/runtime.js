// @ts-check
/** The runtime of templates/, bundled, and servers that send the same stream with it and without it. */
import { createServer as createHttpServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Imports what a module of TypeScript exports: `export { create } from "@bufbuild/protobuf"; export …`.
 * Relative paths start at the root of the repository.
 * @param {string} contents
 */
export async function load(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "error",
  });
  return await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

/**
 * Serves a listener of node:http on a port that the system chooses.
 * @param {import("node:http").RequestListener} listener
 */
export async function listen(listener) {
  const server = createHttpServer(listener);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
