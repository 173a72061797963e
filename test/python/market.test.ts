/** The clients of examples/market/python and its notebook run against a server. `make demo` kills the server as well. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Server } from "srvx";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root, writeFiles } from "../golden.js";
import { startMarketServer, writeMarketClient } from "./market.js";
import { describeWithPython, pythonCommand, runPython } from "./python.js";

const example = join(root, "examples/market/python");

describeWithPython("the example in Python", () => {
  let folder: string;
  let server: Server;

  beforeAll(async () => {
    folder = writeMarketClient("market-python");
    server = await startMarketServer("market-python-server");
  });
  afterAll(() => server.close(true));

  /** Not with execFileSync: the server is in this process. */
  function run(...args: string[]) {
    const { command, env } = pythonCommand("python");
    const variables = { ...env, PYTHONPATH: folder, MARKET_URL: server.url ?? "", MARKET_TRADES: "12" };
    return promisify(execFile)(command, ["-W", "error::ResourceWarning", ...args], { cwd: folder, env: variables });
  }

  test.each(["client.py", "async_client.py"])("%s watches trades", async (name) => {
    const { stdout } = await run(join(example, name), server.url ?? "", "AAPL", "30");
    expect(stdout).toContain("quote    AAPL $187.5\n");
    expect(stdout).toContain("answer   It rises.");
    expect(stdout).toContain("summary  30 trades, 1 to 30: none lost, none repeated, 0 attempts to reconnect");
  });

  test("passes the checks of strict projects", () => {
    writeFiles(folder, {
      "mypy.ini":
        "[mypy]\nstrict = true\nexplicit_package_bases = true\n[mypy-market.v1.market_pb2,sse.v1.annotations_pb2]\nignore_errors = true\n",
    });
    const files = ["client.py", "async_client.py", "tally.py"].map((name) => join(example, name));
    const env = { MYPYPATH: `${folder}:${example}` };
    expect(runPython("mypy", ["--cache-dir=.mypy", ...files], { cwd: folder, env })).toContain("no issues");
    expect(
      runPython(
        "ruff",
        ["check", "--isolated", "--no-cache", "--select=F,D1,ANN,UP,B", "--ignore=D107", "--line-length=100", ...files],
        { cwd: folder },
      ),
    ).toContain("passed");
    runPython("ruff", ["format", "--isolated", "--no-cache", "--check", "--line-length=100", ...files], {
      cwd: folder,
    });
  });

  test("has a notebook that plots prices while they arrive", async () => {
    const { stdout } = await run(join(import.meta.dirname, "run_notebook.py"), join(example, "prices.ipynb"));
    const plots = stdout.split("\n").filter((line) => line.includes("image/svg+xml"));
    expect(plots).toHaveLength(12);
    expect(plots.at(-1)).toContain("12 trades");
    expect(stdout).toContain("12 trades, from $180.00 to $189.00");
  });
});
