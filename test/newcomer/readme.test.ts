/** The quick start of the README: its own commands in an empty folder, and what they print. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../conformance/wait-for.js";
import { freePort } from "../event-log/servers.js";
import { root } from "../golden.js";
import { blocksOf, commandsOf, openTerminal, type Terminal, transcriptOf, usePort } from "./terminal.js";

const readme = readFileSync(join(root, "README.md"), "utf8");
const quickStart = /^## Quick start\n.*?(?=^## )/ms.exec(readme)?.[0] ?? "";

let terminal: Terminal;
beforeAll(async () => {
  terminal = await openTerminal();
});
afterAll(() => terminal.close());

test("the quick start prints what the README shows, and its stream survives a restart of the server", {
  timeout: 600_000,
}, async () => {
  const folder = terminal.folder("quick-start");
  const port = await freePort();
  const [first = ""] = blocksOf(quickStart, "sh");
  const [init = "", install = "", generate = "", serve = ""] = commandsOf(first);
  expect(commandsOf(first)).toHaveLength(4);
  const next = await terminal.run(folder, init);
  expect([...next.matchAll(/^ {2}(n.*)$/gm)].map(([, command]) => command)).toEqual([install, generate, serve]);
  usePort(folder, port);
  await terminal.run(folder, install);
  await terminal.run(folder, generate);
  await terminal.run(folder, "npx tsc");
  const server = await terminal.serve(folder, serve, port);

  const steps = blocksOf(quickStart, "console").flatMap(transcriptOf);
  expect(steps).toHaveLength(2);
  for (const { command, output } of steps) {
    expect(await terminal.run(folder, command.replace("3000", String(port)))).toBe(output);
  }

  const [watch] = steps;
  const client = terminal.start(folder, watch?.command ?? "");
  await waitFor(() => client.output().includes("3\n"), "the first event", client.output);
  await server.stop();
  await terminal.serve(folder, serve, port);
  await client.ended;
  expect(client.output()).toBe(watch?.output);
});
