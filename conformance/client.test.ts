/** What the generated clients make of the answers of a server. README.md says how to add a case or a language. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { judgeRow, readRows } from "./bind.js";
import { type Case, callOf, groups, judge } from "./cases.js";
import { type Client, type Driver, isFor, languages, startDriver } from "./drivers.js";
import { type Play, startScriptedServer } from "./scripted-server.js";

/** Most cases wait for time, so the clients run side by side. */
const PROCESSES = 2;

// All tests begin at once, and wait for a process of their client.
vi.setConfig({ maxConcurrency: 10_000 });

/** To end what hangs. A case waits for a process first. */
const LIMIT_MS = 300_000;

const rows = readRows();

let server: Awaited<ReturnType<typeof startScriptedServer>>;
beforeAll(async () => {
  server = await startScriptedServer();
});
afterAll(() => server.close());

test("each case has a name of its own", () => {
  const names = Object.values(groups).flatMap((cases) => cases.map(({ name }) => name));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

for (const { name, clients, describe: describeLanguage, prepare } of languages) {
  describeLanguage(name, () => {
    beforeAll(prepare);

    describe.concurrent.each(clients.map((client) => [client.name, client] as const))("%s", (_name, client) => {
      const pool = createPool(client);
      afterAll(pool.end);

      describe.each(Object.entries(groups))("%s", (_group, cases) => {
        const named = cases
          .filter((example) => isFor(client, example))
          .map((example) => [example.name, example] as const);
        test.each(named)("%s", (_name, example) => pool.use((driver) => run(driver, example)), LIMIT_MS);
      });

      describe("requests of bind.json", () => {
        const methods = [...new Set(rows.map(({ method }) => method))];
        test.each(methods)(
          "%s",
          (method) =>
            pool.use(async (driver) => {
              for (const row of rows.filter((row) => row.method === method && isFor(client, row))) {
                const play = server.play([{ headers: { "content-type": "application/json" }, body: ["{}"] }]);
                const { baseUrl } = play;
                const answer = await driver.call({ name: "bind", baseUrl, method, request: row.request, options: {} });
                expect(answer.error).toBeUndefined();
                judgeRow(row, play.attempts);
              }
            }),
          LIMIT_MS,
        );
      });
    });
  });
}

async function run(driver: Driver, example: Case): Promise<void> {
  const play = server.play(example.connections);
  const answer = await driver.call(callOf(example, play.baseUrl));
  judge(example, answer, play.attempts);
  await left(play);
}

/** Waits until the client has closed the connections that the server keeps open. */
async function left({ left }: Play): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("the client left a connection open")), 10_000);
  });
  await Promise.race([left(), limit]);
  clearTimeout(timer);
}

/** Some processes of a driver, each of which has one case at a time. */
function createPool(client: Client) {
  const idle = new Set<Driver>();
  const waiting: (() => void)[] = [];
  let count = 0;

  return {
    async use(work: (driver: Driver) => Promise<void>): Promise<void> {
      if (count === PROCESSES) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      count++;
      const [driver = startDriver(client)] = idle;
      idle.delete(driver);
      try {
        await work(driver);
        idle.add(driver);
      } catch (error) {
        // It may still be busy with the case that failed.
        driver.kill();
        throw error;
      } finally {
        count--;
        waiting.shift()?.();
      }
    },
    /** Each process ends by itself after its last line: nothing that a call left keeps it. */
    async end(): Promise<void> {
      const drivers = [...idle];
      const limit = setTimeout(() => {
        for (const driver of drivers) {
          driver.kill();
        }
      }, 10_000);
      expect(await Promise.all(drivers.map((driver) => driver.end()))).toEqual(drivers.map(() => 0));
      clearTimeout(limit);
    },
  };
}
