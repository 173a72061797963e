/** What the generated servers make of requests, byte for byte. README.md says how to add a case or a server. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type BindRow, readRows } from "./bind.js";
import type { Protocol } from "./exchange.js";
import { groups, type ServerCase } from "./server-cases.js";
import { Runner } from "./server-runner.js";
import { type Running, type Server, servers, startServer } from "./servers.js";

// Most cases wait for time, so they run side by side.
vi.setConfig({ maxConcurrency: 16 });

/** To end what hangs. */
const LIMIT_MS = 120_000;

const protocols: readonly Protocol[] = ["http/1.1", "h2c"];
const rows = readRows();

test("each case has a name of its own", () => {
  const names = Object.values(groups).flatMap((cases) => cases.map(({ name }) => name));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

for (const server of servers) {
  server.describe(server.name, () => {
    beforeAll(server.prepare, 2 * LIMIT_MS);

    describe.concurrent.each(protocols)("%s", (protocol) => {
      const processes = new Processes(server, protocol);
      afterAll(() => processes.end(), LIMIT_MS);

      describe.each(Object.entries(groups))("%s", (_group, cases) => {
        test.each(cases.map((example) => [example.name, example] as const))(
          "%s",
          async (_name, example) => (await processes.runnerOf(example)).run(example),
          LIMIT_MS,
        );
      });

      describe("requests of bind.json", () => {
        test.each([...new Set(rows.map(({ method }) => method))])(
          "%s",
          async (method) => {
            for (const row of rows.filter((row) => row.method === method)) {
              const example = caseOf(row);
              await (await processes.runnerOf(example)).run(example);
            }
          },
          LIMIT_MS,
        );
      });
    });
  });
}

/** A request of bind.json has to reach its handler as the message that it was made of. */
function caseOf({ method, request, verb, url, body }: BindRow): ServerCase {
  return {
    name: url,
    server: { unknownQuery: "reject" },
    exchanges: [
      {
        request: { method: verb, path: url, ...(body !== undefined && { body: JSON.stringify(body) }) },
        want: {
          headers: { "content-type": "application/json", "cache-control": null, "x-accel-buffering": null, vary: null },
          body: [{ json: {} }],
          call: { method, request },
        },
      },
    ],
  };
}

/** The processes of a server: cases share one if they need the same options. */
class Processes {
  readonly #server: Server;
  readonly #protocol: Protocol;
  readonly #started = new Map<string, Promise<{ readonly running: Running; readonly runner: Runner }>>();

  constructor(server: Server, protocol: Protocol) {
    this.#server = server;
    this.#protocol = protocol;
  }

  async runnerOf({ name, server, exchanges }: ServerCase): Promise<Runner> {
    const isShutDown = exchanges.some((exchange) => "drain" in exchange);
    const key = JSON.stringify(server) + (isShutDown ? name : "");
    const started = this.#started.get(key) ?? this.#start(server);
    this.#started.set(key, started);
    return (await started).runner;
  }

  async #start(options: object) {
    const running = await startServer(this.#server, this.#protocol, options);
    return { running, runner: new Runner(running, this.#protocol) };
  }

  /** Shuts all down. Throws if one does not, or has called a handler that it should not. */
  async end(): Promise<void> {
    const processes = await Promise.all(this.#started.values());
    const codes = await Promise.all(processes.map(({ running }) => running.end()));
    for (const { runner } of processes) {
      runner.end();
    }
    expect(codes).toEqual(codes.map(() => 0));
  }
}
