/** Generated clients that are not used are dropped by bundlers. */
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import { rolldown } from "rolldown";
import { beforeAll, expect, test } from "vitest";
import { loadCase, root, writeFiles } from "./golden.js";
import { cacheFolder, writeProject } from "./golden-code.js";

const cache = cacheFolder("golden-bundle");
const entry = join(cache, "entry.ts");

// One file with three services.
beforeAll(() => {
  writeProject(cache, [loadCase("bindings")]);
  writeFiles(cache, {
    "entry.ts": `
      import { FileServiceClient } from "./bindings/depot/v1/depot_client";
      console.log(new FileServiceClient({ baseUrl: "http://localhost" }));
    `,
  });
});

async function withEsbuild(): Promise<string> {
  const { outputFiles } = await esbuild({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    alias: { "protoc-gen-sse": join(root, "dist/runtime") },
  });
  return outputFiles.map(({ text }) => text).join("\n");
}

async function withRolldown(): Promise<string> {
  const bundle = await rolldown({
    input: entry,
    resolve: { alias: { "protoc-gen-sse": join(root, "dist/runtime") } },
  });
  const { output } = await bundle.generate({ format: "esm" });
  await bundle.close();
  return output.map((chunk) => (chunk.type === "chunk" ? chunk.code : "")).join("\n");
}

test.each([
  ["esbuild", withEsbuild],
  ["rolldown", withRolldown],
])("%s drops the clients of a file that are not imported", async (_, bundle) => {
  const code = await bundle();
  expect(code).toContain("FileServiceClient");
  expect(code).not.toContain("DepotServiceClient");
  expect(code).not.toContain("QueryServiceClient");
  expect(code).not.toContain("/parcels/{number}"); // a binding of DepotService
});
