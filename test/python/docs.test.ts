/** Every example of docs/python.md passes both type checkers, and runs against a server. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Server } from "srvx";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root, writeFiles } from "../golden.js";
import { startMarketServer, writeMarketClient } from "./market.js";
import { describeWithPython, pythonCommand, runPyright, runPython, venv } from "./python.js";

const guide = readFileSync(join(root, "docs/python.md"), "utf8");
const blocks = [...guide.matchAll(/^```python\n(.*?)^```$/gms)].map(([, code = ""], i) => ({
  name: `example_${i + 1}`,
  code,
  line: guide.slice(0, guide.indexOf(code)).split("\n").length,
}));

describeWithPython("the guide to Python", () => {
  let folder: string;
  let server: Server;

  beforeAll(async () => {
    folder = writeMarketClient("docs-python");
    server = await startMarketServer("docs-python-server");
    const files = blocks.map(({ name, code }) => [
      `${name}.py`,
      code
        .replaceAll("http://127.0.0.1:3000/", server.url ?? "")
        .replaceAll('http://127.0.0.1:3000"', `${server.url}"`),
    ]);
    writeFiles(folder, Object.fromEntries(files));
    expect(blocks.length).toBeGreaterThan(8);
  });
  afterAll(() => server.close(true));

  test("has examples that mypy --strict and pyright in strict mode accept", () => {
    const overrides = /^\[\[tool\.mypy\.overrides\]\]\n(.*?)^```$/ms.exec(guide)?.[0].replace("```", "") ?? "";
    writeFiles(folder, {
      "pyproject.toml": `[tool.mypy]\nstrict = true\nexplicit_package_bases = true\ncache_dir = ".mypy"\n${overrides}`,
      "pyrightconfig.json": JSON.stringify({
        ...venv,
        typeCheckingMode: "strict",
        pythonVersion: "3.11",
        include: ["example_*.py"],
      }),
    });
    const names = blocks.map(({ name }) => `${name}.py`);
    expect(runPython("mypy", names, { cwd: folder })).toContain("no issues");
    expect(runPyright(["-p", "."], { cwd: folder })).toContain("0 errors");
  });

  test.each(blocks.filter(({ code }) => !/\bcelery\b/.test(code)))(
    "has an example at line $line that runs",
    async ({ name, code }) => {
      const { command, env } = pythonCommand("python");
      // Not with execFileSync: the server is in this process.
      const run = (...args: string[]) => promisify(execFile)(command, args, { cwd: folder, env });
      if (code.includes("FastAPI")) {
        const call = `from fastapi.testclient import TestClient
from ${name} import app
with TestClient(app) as client:
    assert client.get("/price/AAPL").json() == {"price": 187.5}
`;
        await run("-c", call);
      } else if (code.includes("def test_")) {
        const { stdout } = await run("-m", "pytest", "-q", "-p", "no:cacheprovider", `${name}.py`);
        expect(stdout).toContain("1 passed");
      } else {
        await run("-W", "error", `${name}.py`);
      }
    },
  );
});
