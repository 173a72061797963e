/** Every example of docs/event-log.md compiles under the strictest flags. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compileText, runPlugin } from "./compile-text.js";
import { root, writeFiles } from "./golden.js";
import { cacheFolder, typeCheck, writeProject, writeTsconfig } from "./golden-code.js";

const text = readFileSync(join(root, "docs/event-log.md"), "utf8");

test("every example compiles", () => {
  const examples = [...text.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)];
  expect(examples).toHaveLength([...text.matchAll(/^```ts$/gm)].length);
  const cache = cacheFolder("docs-event-log");
  const path = "market/v1/alerts.proto";
  const proto = readFileSync(join(root, "examples/market/proto", path), "utf8");
  const request = compileText({ [path]: proto }, "emit=client+server,event_log=redis+nats");
  const { error, files } = runPlugin(request);
  expect(error).toBeFalsy();
  const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-"));
  writeFiles(join(dir, "want"), Object.fromEntries(files));
  writeProject(cache, [{ name: "gen", dir, request }]);
  rmSync(dir, { recursive: true });
  writeFiles(cache, Object.fromEntries(examples.map(([, name = "", code = ""]) => [name, code])));
  // The declarations of client libraries are not ours to check.
  const paths = {
    "protoc-gen-sse/testing": ["../../dist/runtime/testing.d.ts"],
    "protoc-gen-sse/*": ["../../dist/runtime/*.d.ts"],
  };
  writeTsconfig(cache, "tsconfig.json", { types: ["node"], skipLibCheck: true, paths }, ["*.ts"]);
  expect(typeCheck(cache, "tsconfig.json")).toBe("");
});

test("the table of gaps names every reason", () => {
  const log = readFileSync(join(root, "templates/typescript/server/topic/event-log.ts"), "utf8");
  const reasons = /export type GapReason = (.*);/.exec(log)?.[1]?.match(/\w+/g) ?? [];
  expect(reasons.length).toBe(4);
  for (const reason of reasons) {
    expect(text).toContain(`| \`${reason}\` |`);
  }
});
