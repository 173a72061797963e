/**
 * Clients that come and go at two nodes, while four processes publish. `EVENT_LOG_LOAD=3000` publishes 3,000 events in each; without it
 * fewer are enough.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { resumeUnderLoad } from "../../templates/typescript/testing/resume-load.js";
import { cacheFolder } from "../golden-code.js";
import { backendKinds } from "./backends.js";
import { describeWith } from "./servers.js";

const events = Number(process.env["EVENT_LOG_LOAD"] ?? 750);
const publisher = join(cacheFolder("event-log"), "publisher.js");

beforeAll(async () => {
  await build({
    entryPoints: [join(import.meta.dirname, "publisher.ts")],
    outfile: publisher,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
});

for (const { name, command, library, start } of backendKinds) {
  describeWith(command, name, () => {
    test("clients that come and go lose nothing, see nothing twice, and see one order", { timeout: 180_000 }, async ({
      onTestFinished,
    }) => {
      const backend = await start(onTestFinished);
      const keep = { events: 100_000 };
      const report = await resumeUnderLoad({
        nodes: [await backend.open(keep), await backend.open(keep)],
        events,
        async publish(number, events) {
          const args = [publisher, library, backend.server.port, number, events].map(String);
          const child = spawn(process.execPath, args, { stdio: "inherit" });
          const [code] = await once(child, "exit");
          expect(code).toBe(0);
        },
      });
      if (process.env["EVENT_LOG_LOAD"] !== undefined) {
        console.log(name, report);
      }
      expect(report).toMatchObject({ events: 4 * events, lost: 0, repeated: 0, isOneOrder: true });
      expect(report.reconnections).toBeGreaterThan(20);
    });
  });
}
