/** The runtime's modules, joined: what the joined files say, and what cannot be joined. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { createJoiner } from "../scripts/join-runtime.js";
import { root, writeFiles } from "./golden.js";

function joined(modules: Record<string, string>, entries: readonly string[] = ["client"]): Record<string, string> {
  const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-join-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFiles(dir, modules);
  return Object.fromEntries(createJoiner(dir)(entries).map(({ name, text }) => [name, text]));
}

test("modules stand in the order of their imports, without links to each other and without internal exports", () => {
  const files = joined({
    "client.ts": '/** The client. */\nexport { open, type Open } from "./a.js";\nexport * from "./c.js";\n',
    "a.ts": `
      import { fromJson, type Message } from "@bufbuild/protobuf";
      import { close } from "./b.js";
      // How it is opened.
      export type Open = Message;
      export function open(): void { close(fromJson); }
    `.replaceAll("\n      ", "\n"),
    "b.ts": `
      import type { Message } from "@bufbuild/protobuf";
      import { isMessage } from "@bufbuild/protobuf";
      /** Closes. */
      export function close(_: unknown, message?: Message): void { isMessage(message); } // and no more
    `.replaceAll("\n      ", "\n"),
    "c.ts": "export const Code = { Ok: 0 } as const;\nexport type Code = 0;\n",
  });
  expect(files).toEqual({
    "client.ts": `/** The client. */

import { fromJson, isMessage, type Message } from "@bufbuild/protobuf";

/** Closes. */
function close(_: unknown, message?: Message): void { isMessage(message); } // and no more

// How it is opened.
export type Open = Message;
export function open(): void { close(fromJson); }

export const Code = { Ok: 0 } as const;
export type Code = 0;
`,
  });
});

test("a class comes after the one that it extends, also where modules import each other", () => {
  const { "client.ts": text = "" } = joined({
    "client.ts": 'export { Derived } from "./derived.js";',
    "derived.ts": 'import { Base } from "./base.js";\nexport class Derived extends Base {}',
    "base.ts": 'import type { Derived } from "./derived.js";\nexport class Base { other?: Derived; }',
  });
  expect(text.indexOf("class Base")).toBeLessThan(text.indexOf("class Derived"));
});

test("what the client and the server have in common is exported once, by shared.ts", () => {
  const files = joined(
    {
      "client.ts": 'export { call } from "./client/call.js";\nexport { Code, type Json } from "./shared/code.js";',
      "client/call.ts": 'import { Code } from "../shared/code.js";\nexport function call(): Code { return Code.Ok; }',
      "server.ts": 'export { serve } from "./server/serve.js";',
      "server/serve.ts":
        'import type { Json } from "../shared/code.js";\nexport function serve(): Json { return undefined; }',
      "shared/code.ts":
        "export const Code = { Ok: inner() } as const;\nexport type Code = number;\nexport type Json = unknown;\nexport function inner(): number { return 0; }",
    },
    ["client", "server"],
  );
  expect(Object.keys(files)).toEqual(["client.ts", "server.ts", "shared.ts"]);
  expect(files["client.ts"]).toMatch(/^import \{ Code \} from ".\/shared.js";\n/);
  expect(files["client.ts"]).toMatch(/\nexport \{ Code, type Json \} from ".\/shared.js";\n$/);
  expect(files["server.ts"]).toMatch(/^import type \{ Json \} from ".\/shared.js";\n/);
  expect(files["shared.ts"]).toMatch(/^export const Code .*\nexport type Code .*\nexport type Json .*\nfunction inner/);
});

test.each([
  [
    "two modules declare a name",
    { "a.ts": "export const a = 1;\nfunction help() {}", "b.ts": "export const b = 1;\nfunction help() {}" },
    '"help" is declared by a.ts and b.ts: rename one',
  ],
  [
    "a name is declared, and imported from a package",
    {
      "a.ts": 'import { create } from "x";\nexport const a = create;',
      "b.ts": "export const b = 1;\nfunction create() {}",
    },
    '"create" is imported, and b.ts declares it too: rename it',
  ],
  [
    "a name hides a global",
    { "a.ts": "export const a = 1;\nclass Node {}", "b.ts": "export let b: Node;" },
    '"Node" hides the global that b.ts uses: rename it',
  ],
  [
    "an import renames",
    { "a.ts": "export const a = 1;", "b.ts": 'import { a as c } from "./a.js";\nexport const b = c;' },
    'b.ts: renames the import "a"',
  ],
  [
    "an export renames",
    { "a.ts": "const c = 1;\nexport { c as a };", "b.ts": "export const b = 1;" },
    "where it is declared",
  ],
  [
    "a module is imported as a whole",
    { "a.ts": "export const a = 1;", "b.ts": 'import * as all from "./a.js";\nexport const b = all;' },
    "b.ts: imports ./a.js as a whole: import names",
  ],
])("is an error where %s", (_, modules, message) => {
  const entry = 'export { a } from "./a.js";\nexport { b } from "./b.js";';
  expect(() => joined({ "client.ts": entry, ...modules })).toThrow(message);
});

/** The minified bundle of what imports these names from a file. */
async function bundle(path: string, names: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${names} } from "./${path}";`, resolveDir: root, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    external: ["@bufbuild/*"],
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

test.each([
  ["client", "defineMethod, Transport"],
  ["client-json", "defineMethod, Transport"],
  ["client", "openRawStream"],
  ["server", "createServer, defineService"],
  ["server", "createTopic"],
])("a bundle of %s is no larger than of its modules: { %s }", async (entry, names) => {
  const joined = await bundle(`dist/joined/${entry}/${entry}.ts`, names);
  const modules = await bundle(`templates/typescript/${entry}.ts`, names);
  expect(joined.length).toBeLessThanOrEqual(modules.length);
});

test.each(["client", "client-json", "server"])("bundlers drop what is not used of %s", async (entry) => {
  const all = await bundle(`dist/joined/${entry}/${entry}.ts`, "Code, StatusError");
  const code = await bundle(`dist/joined/${entry}/${entry}.ts`, "Code");
  expect(all).toMatch(/\bclass\b/);
  expect(code).not.toMatch(/\b(class|function)\b|=>/);
});
