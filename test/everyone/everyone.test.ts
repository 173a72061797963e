/**
 * Every client of the market against every server, as processes: a quote, an answer, early errors, and 1,000 trades
 * while the server is killed ten times.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle, type SetUp, setUps, startBundled, writeExamples } from "../docs-server.js";
import { describeWithGo, runGo, writeGoCode, writeGoModule } from "../go/go.js";
import { root, writeFiles } from "../golden.js";
import { describeIfInstalled, isCommand } from "../is-command.js";
import { marketRequest, writeMarketClient } from "../python/market.js";
import { hasPython } from "../python/python.js";
import { type Client, clients, closeBrowser, folder, openBrowser } from "./clients.js";

interface Server {
  readonly name: string;
  readonly setUp: SetUp;
  /** Describes its tests if its runtime is installed. */
  describe(name: string, define: () => void): void;
}

/** A set-up of docs/server.md. */
function guideServer(name: string, file: string): Server {
  const setUp = setUps.find((candidate) => candidate.file === file);
  if (setUp === undefined) {
    throw new Error(`the guide has no ${file}`);
  }
  const { command } = setUp;
  return {
    name,
    setUp,
    describe: (label, define) => describeIfInstalled(isCommand(command), `${command} is not installed`, label, define),
  };
}

const servers: readonly Server[] = [
  guideServer("TypeScript on Node", "node.ts"),
  guideServer("TypeScript on Bun", "bun.ts"),
  guideServer("TypeScript on Deno", "deno.ts"),
  guideServer("TypeScript on Workers", "worker.ts"),
  {
    name: "Go",
    setUp: { file: "server.go", command: join(folder, "server"), arguments: () => [] },
    describe: describeWithGo,
  },
];

const KILLS = 10;
/** The trades between two kills: fewer than a response has, which are fewer than 1,000 / KILLS. */
const KILL_EVERY = 91;

const trades = Array.from(
  { length: 1000 },
  (_, i) => `trade ${i + 1} AAPL ${i + 1}.5 100 ${2n ** 60n + BigInt(i + 1)}`,
);

beforeAll(async () => {
  const read = (path: string) => readFileSync(join(import.meta.dirname, path), "utf8");
  writeExamples("everyone", {
    "server.ts": read("server/server.js"),
    "worker.ts": read("../adapters/worker.js"),
    "client.ts": read("client/main.js"),
  });
  for (const file of ["client.ts", "node.ts", "bun.ts", "deno.ts", "worker.ts"]) {
    await bundle(folder, file);
  }
  if (hasPython) {
    writeMarketClient("everyone-python");
  }
  if (isCommand("go")) {
    writeGoCode(folder, "example.com/everyone", marketRequest(""));
    writeGoModule(folder, "example.com/everyone");
    const [cors] = /^func cors.*?^}$/ms.exec(readFileSync(join(root, "docs/go.md"), "utf8")) ?? [];
    writeFiles(folder, {
      "go/client/main.go": read("client/main.go"),
      "go/server/main.go": read("server/main.go"),
      "go/server/cors.go": `package main\n\nimport "net/http"\n\n${cors}\n`,
    });
    runGo(["build", "-o", `${folder}/`, "./go/client", "./go/server"], folder);
  }
  await openBrowser();
}, 600_000);
afterAll(closeBrowser);

describe("every client gets 1,000 trades of every server over ten kills", () => {
  for (const server of servers) {
    server.describe(`the server in ${server.name}`, () => {
      for (const client of clients) {
        client.describe(`the client in ${client.name}`, () => {
          test(`${client.name} with ${server.name}`, ({ signal }) => testPair(server, client, signal), 120_000);
        });
      }
    });
  }
});

async function testPair({ setUp }: Server, client: Client, signal: AbortSignal): Promise<void> {
  let running = await startBundled(folder, setUp);
  const { port } = running.address;
  const others: string[] = [];
  const cursors = new Set<string>();
  const failed = new AbortController();
  let seen = 0;
  let kills = 0;
  let restarted = Promise.resolve();

  function print(line: string): void {
    if (line.startsWith("lost ")) {
      // Until the server is back, further attempts fail at the same cursor.
      cursors.add(line);
    } else if (!line.startsWith("trade ")) {
      others.push(line);
    } else if (line !== trades[seen]) {
      // The stream may never end now.
      failed.abort(new Error(`the client got ${line}, and should get ${trades[seen]}`));
    } else if (++seen % KILL_EVERY === 0 && kills < KILLS) {
      kills++;
      restarted = restarted.then(async () => {
        await running.stop();
        running = await startBundled(folder, setUp, port);
      });
    }
  }

  try {
    const url = `http://127.0.0.1:${port}`;
    await client.run({ url, print, signal: AbortSignal.any([signal, failed.signal]) });
    await restarted;
  } catch (error) {
    const cause = failed.signal.reason ?? error;
    throw new Error(`after ${seen} trades and ${kills} kills; the server printed: ${running.output()}`, { cause });
  } finally {
    await restarted.catch(() => {});
    await running.stop();
  }
  const error = expect.stringMatching(/^error 404 5 .*no such symbol: "NONE"/);
  const answer = ["tool lookup", "delta Wie", "delta geht’s?", "delta 👋", "done 3"];
  expect(others).toEqual(["quote BRK/B ü 187.5", ...answer, error, error]);
  expect([seen, kills, cursors.size]).toEqual([trades.length, KILLS, KILLS]);
}
