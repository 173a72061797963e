import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { type FrameResponse, startFrameServer } from "../../testing/frames.js";

/** Runs a program that has `open(options)` until it ends by itself, and returns what it printed. */
async function run(url: string, program: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { openRawStream } from "./raw-stream.ts";
        const open = (options) => openRawStream(${JSON.stringify(url)}, options);
        process.on("unhandledRejection", (reason) => { console.log("unhandled", reason); process.exit(1); });
        ${program}`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
  });
  const child = spawn(process.execPath, ["--input-type=module", "-"], { stdio: ["pipe", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  child.stdin.end(outputFiles[0]?.text);
  const [code] = await once(child, "close");
  expect(code).toBe(0);
  return printed;
}

describe("a process ends by itself when its stream is left", () => {
  const hang = ({ send }: FrameResponse): unknown => send(":sse/1 heartbeat=600000 end\ndata: 1\n\ndata: 2\n\n");
  const limits = "connectTimeoutMs: 600_000, idleTimeoutMs: 600_000, deadlineMs: 600_000";
  const programs: readonly [
    name: string,
    answer: (response: FrameResponse) => unknown,
    program: string,
    printed: string,
  ][] = [
    ["by break", hang, `for await (const { data } of open({ ${limits} })) { console.log(data); break; }`, "1\n"],
    [
      "by an error in the loop",
      hang,
      "try { for await (const _ of open()) throw 1; } catch (error) { console.log(error); }",
      "1\n",
    ],
    [
      "by abort",
      hang,
      `const controller = new AbortController();
       const stream = open({ signal: controller.signal, ${limits} });
       await stream.next();
       await stream.next();
       setTimeout(() => controller.abort("enough"), 10);
       await stream.next().catch((reason) => console.log(reason));`,
      "enough\n",
    ],
    [
      "by return, when nobody waits for what was asked",
      hang,
      "const stream = open(); stream.opened; await stream.next(); await stream.next(); stream.next(); await stream.return();",
      "",
    ],
    ["by collect", hang, "console.log((await open().collect({ max: 2 })).length);", "2\n"],
    [
      "while it waits for a reconnection",
      ({ raw }) => raw.writeHead(503).end(),
      `const stream = open({ reconnect: { initialDelayMs: 600_000, maxDelayMs: 600_000 }, onReconnect: () => setImmediate(() => stream.return()) });
       console.log((await stream.next()).done);`,
      "true\n",
    ],
    [
      "at its end",
      ({ end }) => end("data: 1\n\n"),
      `console.log((await open({ ${limits} }).collect({ max: 9 })).length);`,
      "1\n",
    ],
    [
      "by an error",
      ({ cut }) => cut(),
      `await open({ ${limits} }).next().catch((error) => console.log(error.code));`,
      "network\n",
    ],
  ];
  test.each(programs)("%s", async (_name, answer, program, printed) => {
    const server = await startFrameServer(answer);
    expect(await run(server.baseUrl, program)).toBe(printed);
  });
});
