/** A registry on this machine that has the packed package, and sends every other request to the registry of the machine. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { root } from "../golden.js";

export interface Registry {
  /** The variables that make npm, Bun and Deno take packages from here. */
  readonly environment: Record<string, string>;
  close(): Promise<void>;
}

/** Serves a file that `npm pack` made as its package. */
export async function startRegistry(tarball: string): Promise<Registry> {
  const upstream = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim();
  const bytes = readFileSync(tarball);
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")); // our own
  const { name, version } = manifest;
  const path = `/${name}/-/${name}-${version}.tgz`;
  const server = createServer((request, response) => {
    const url = request.url ?? "/";
    if (url === path) {
      response.end(bytes);
    } else if (url === `/${name}`) {
      const dist = {
        tarball: `http://${request.headers.host}${path}`,
        integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`,
        shasum: createHash("sha1").update(bytes).digest("hex"),
      };
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({ name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } }),
      );
    } else {
      response.writeHead(307, { location: new URL(url.slice(1), upstream).href }).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const registry = `http://127.0.0.1:${port}/`;
  return {
    environment: { npm_config_registry: registry, NPM_CONFIG_REGISTRY: registry },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
