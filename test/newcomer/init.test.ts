/** `init` in an empty folder for every runtime, and after it the commands that it prints. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../event-log/servers.js";
import { isCommand } from "../is-command.js";
import { openTerminal, type Terminal, usePort } from "./terminal.js";

let terminal: Terminal;
beforeAll(async () => {
  terminal = await openTerminal();
});
afterAll(() => terminal.close());

const runtimes = [
  { runtime: "node", command: "node", init: "npx protoc-gen-sse init", check: "npx tsc" },
  { runtime: "bun", command: "bun", init: "bunx protoc-gen-sse init", check: "bunx --bun tsc" },
  { runtime: "deno", command: "deno", init: "deno run --allow-all npm:protoc-gen-sse init", check: "deno check src" },
  { runtime: "workers", command: "node", init: "npx protoc-gen-sse init workers", check: "npx tsc" },
];

describe.each(runtimes)("init for $runtime", { timeout: 600_000 }, ({ runtime, command, init, check }) => {
  const missing = !isCommand(command);
  if (missing && process.env["CI"] !== undefined) {
    throw new Error(`${command} is not installed: see .ci/run`);
  }

  test.skipIf(missing)("writes a project whose server and client run", async () => {
    const folder = terminal.folder(runtime);
    const output = await terminal.run(folder, init);
    const port = await freePort();
    usePort(folder, port);
    const text = output.replaceAll("3000", String(port));
    const [install = "", generate = "", server = ""] = [...text.matchAll(/^ {2}(?!wrote)(\S.*)$/gm)].map(([, c]) => c);
    const client = /in another terminal: (.*)/.exec(text)?.[1] ?? "";
    await terminal.run(folder, install);
    await terminal.run(folder, generate);
    await terminal.run(folder, check);
    await terminal.serve(folder, server, port);
    expect(await terminal.run(folder, client)).toBe("3\n2\n1\nLift-off!\n");
  });
});
