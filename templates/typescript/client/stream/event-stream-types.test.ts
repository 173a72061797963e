import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";

const repository = fileURLToPath(new URL("../../../..", import.meta.url));
const types = JSON.stringify(fileURLToPath(new URL("event-stream.js", import.meta.url)));

/** What the compiler reports for a program under the strictest flags, with these libraries and no other types. */
async function compile(program: string, lib: readonly string[], types: readonly string[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "event-stream-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "program.mts"), program);
  const config = {
    extends: join(repository, "tsconfig.base.json"),
    compilerOptions: {
      noEmit: true,
      declaration: true,
      lib,
      types,
      typeRoots: [join(repository, "node_modules/@types")],
    },
    files: ["program.mts"],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const compiler = spawn(join(repository, "node_modules/.bin/tsc"), ["-p", folder]);
  let printed = "";
  compiler.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  await once(compiler, "close");
  return printed;
}

const use = `import type { EventMeta, EventStream } from ${types};
  export async function use(stream: EventStream<{ readonly price: number }>): Promise<number> {
    let sum = 0;
    for await (const trade of stream) sum += trade.price;
    for await (const { value, id } of stream.withMeta()) sum += value.price + (id?.length ?? 0);
    for await (const trades of stream.batches()) sum += trades.length;
    const generator: AsyncGenerator<{ readonly price: number }, void, undefined> = stream;
    await generator.return();
    const meta: EventMeta<number> = { value: 1, event: "a", attempt: 1 };
    return sum + meta.value;
  }`;
const using = `import type { EventStream } from ${types};
  export async function first(open: () => EventStream<number>): Promise<number | undefined> {
    await using stream = open();
    const { value } = await stream.next();
    return value ?? undefined;
  }`;

describe("the type of an event stream", () => {
  test.each<[lib: readonly string[], types: readonly string[]]>([
    [["ES2022", "DOM"], []],
    [["ES2022", "DOM", "DOM.AsyncIterable", "ESNext.Disposable"], []],
    [["ESNext", "DOM", "DOM.Iterable"], []],
    [["ES2022", "DOM"], ["node"]],
  ])("compiles with lib %j and types %j", async (lib, types) => {
    expect(await compile(use, lib, types)).toBe("");
  });

  test.each([
    ["ES2022", "DOM", "ESNext.Disposable"],
    ["ESNext", "DOM"],
  ])("takes `await using` with lib %s, %s, %s", async (...lib) => {
    expect(await compile(using, lib)).toBe("");
  });

  test("has the value's type", async () => {
    const wrong = using.replace("Promise<number | undefined>", "Promise<string | undefined>");
    expect(await compile(wrong, ["ES2022", "DOM", "ESNext.Disposable"])).toContain("TS2322");
  });
});
