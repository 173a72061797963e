/**
 * Counts the files of templates/ that one streaming call runs through, and prints them in the order of their first use.
 * Fewer files are easier to follow. The modules are compiled one by one, so that each file stays a script of its own.
 * V8's coverage says which functions ran; V8's log says which ran first.
 *
 *     node call-files.js          both sides of a call, from its first statement to the end of the stream
 *     node call-files.js event    what one event of an open stream runs through
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const [scope = "call", child] = process.argv.slice(2);
if (child === undefined) {
  printFiles(...(await runInChild()));
} else {
  await runCall(child);
}

/** Compiles the modules, and runs the call in a process that logs the first execution of each function. */
async function runInChild() {
  const folder = mkdtempSync(join(root, "node_modules/.call-files-")); // so that packages resolve
  try {
    await build({
      entryPoints: [`${root}/templates/typescript/**/*.ts`, `${root}/test/gen/**/*.ts`],
      outdir: folder,
      outbase: root,
      outExtension: { ".js": ".js" },
      format: "esm",
      logLevel: "error",
    });
    const log = join(folder, "v8.log");
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [
        "--log-function-events",
        "--no-logfile-per-isolate",
        `--logfile=${log}`,
        fileURLToPath(import.meta.url),
        scope,
        folder,
      ],
      { encoding: "utf8" },
    );
    if (status !== 0) {
      throw new Error(stderr);
    }
    return [JSON.parse(stdout), firstExecutions(readFileSync(log, "utf8"), folder)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Each file by when a function of it first ran. What ran while the modules were loaded comes last. */
function firstExecutions(log, folder) {
  const files = new Map();
  const order = new Map();
  let begun = false;
  for (const line of log.split("\n")) {
    const [event, kind, ...rest] = line.split(",");
    if (event === "script-details") {
      files.set(kind, rest[0]);
    } else if (event === "function" && kind === "first-execution") {
      begun ||= rest.at(-1) === startCoverage.name;
      const file = files.get(rest[0])?.replace(/^file:\/\//, "");
      if (begun && file?.startsWith(folder) && !order.has(relative(folder, file))) {
        order.set(relative(folder, file), order.size);
      }
    }
  }
  return order;
}

function printFiles(files, order) {
  const rank = (file) => order.get(file) ?? order.size;
  const sorted = files.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  for (const file of sorted) {
    console.log(file.replace(/^templates\/typescript\//, "").replace(/\.js$/, ".ts"));
  }
  const count = (side) => sorted.filter((file) => file.startsWith(`templates/typescript/${side}/`)).length;
  console.log(
    `${sorted.length} files: ${count("client")} of the client, ${count("server")} of the server, ${count("shared")} of both`,
  );
}

/** Its name marks in V8's log where the call begins. */
function startCoverage(session) {
  return session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
}

/** Runs one call and prints the files with functions that ran in it. The server is called in process. */
async function runCall(folder) {
  const load = (path) => import(pathToFileURL(join(folder, path)).href);
  const { createServer } = await load("templates/typescript/server.js");
  const { createMarketService } = await load("templates/typescript/testing/market-service.js");
  const { MarketServiceClient } = await load("templates/typescript/testing/market-client.js");
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  let proceed;
  const second = new Promise((resolve) => {
    proceed = resolve;
  });
  const service = createMarketService(
    {
      async *watchTrades() {
        yield { sequence: 1n, symbol: "A" };
        await second;
        yield { sequence: 2n, symbol: "A" };
      },
    },
    { unimplemented: "501" },
  );
  const server = createServer({ services: [service] });
  const client = new MarketServiceClient({
    baseUrl: "http://localhost",
    fetch: (url, init) => server.fetch(new Request(url, init)),
  });
  if (scope === "call") {
    await startCoverage(session);
  }
  const stream = client.watchTrades({ symbol: "A" });
  await stream.next();
  if (scope === "event") {
    await startCoverage(session);
  }
  const next = stream.next();
  proceed();
  await next;
  if (scope === "call") {
    for await (const _ of stream) {
      // To the end.
    }
  }
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const used = result.flatMap(({ url, functions }) => {
    const path = url.startsWith("file:") ? relative(folder, fileURLToPath(url)) : "";
    const ran = functions.some(({ functionName, ranges }) => functionName !== "" && ranges[0].count > 0);
    return ran && /^templates\/typescript\/(client|server|shared)\//.test(path) ? [path] : [];
  });
  console.log(JSON.stringify(used));
}
