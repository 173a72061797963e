/** Generating as users do, with buf and with protoc, and packaging what is generated in a wheel. */
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { files, root, writeFiles } from "../golden.js";
import { cacheFolder } from "../golden-code.js";
import { describeWithPython, pythonCommand, runPyright, runPython } from "./python.js";

const IMPORTS = "from market.v1.market_client import AsyncMarketServiceClient, MarketServiceClient";

describeWithPython("a Python project", () => {
  const folder = cacheFolder("python-generate");
  const plugin = join(root, "bin/protoc-gen-sse");

  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(root, "examples/market/proto/market/v1/market.proto"), join(folder, "proto/market/v1/market.proto"));
    cpSync(join(root, "proto/sse"), join(folder, "node_modules/protoc-gen-sse/proto/sse"), { recursive: true });
    writeFiles(folder, { "buf.yaml": docs("yaml", "modules:"), "pyproject.toml": docs("toml", "[project]") });
    const protocPath = [pythonCommand("python").command, "-m", "grpc_tools.protoc"];
    generate("gen", [
      { protoc_builtin: "python", protoc_path: protocPath },
      { protoc_builtin: "pyi", protoc_path: protocPath },
    ]);
  });

  function generate(out: string, messages: object[], ...opt: string[]): void {
    const plugins = [
      ...messages.map((message) => ({ ...message, out, include_imports: true })),
      { local: [process.execPath, plugin], out, opt: ["target=python", ...opt] },
    ];
    const template = JSON.stringify({ version: "v2", inputs: [{ directory: "proto" }], plugins });
    const { env } = pythonCommand("python");
    execFileSync(join(root, "node_modules/.bin/buf"), ["generate", "--template", template], { cwd: folder, env });
  }

  test("is generated with buf, and can be imported", () => {
    expect(files(join(folder, "gen")).filter((name) => !name.startsWith("sse/runtime/"))).toEqual([
      "market/v1/market_client.py",
      "market/v1/market_pb2.py",
      "market/v1/market_pb2.pyi",
      "sse/v1/annotations_pb2.py",
      "sse/v1/annotations_pb2.pyi",
    ]);
    expect(runPython("python", ["-W", "error", "-c", IMPORTS], { cwd: join(folder, "gen") })).toBe("");
  });

  test("is the same with protoc", () => {
    writeFiles(folder, { "gen-protoc/.keep": "" });
    const out = "gen-protoc";
    const outputs = [`--python_out=${out}`, `--pyi_out=${out}`, `--sse_out=${out}`, "--sse_opt=target=python"];
    const imports = ["-Iproto", "-Inode_modules/protoc-gen-sse/proto"];
    const protos = ["market/v1/market.proto", "sse/v1/annotations.proto"];
    const args = [...imports, `--plugin=protoc-gen-sse=${plugin}`, ...outputs, ...protos];
    runPython("python", ["-m", "grpc_tools.protoc", ...args], { cwd: folder });
    const read = (dir: string) =>
      files(join(folder, dir))
        .filter((name) => /_client\.py$|^sse\/runtime/.test(name))
        .map((name) => [name, readFileSync(join(folder, dir, name), "utf8")]);
    expect(read(out)).toEqual(read("gen"));
    expect(files(join(folder, out)).filter((name) => name !== ".keep")).toEqual(files(join(folder, "gen")));
  });

  test("can be a package, with the messages of protobuf-py", () => {
    generate("acme/market", [{ local: pythonCommand("protoc-gen-py").command }], "messages=protobuf-py");
    expect(files(join(folder, "acme/market"))).toContain("market/v1/market_pb.py");
    const imports = IMPORTS.replace("market.v1", "acme.market.market.v1");
    expect(runPython("python", ["-c", imports], { cwd: folder })).toBe("");
  });

  test("becomes a wheel, which is installed, imported and type-checked", () => {
    writeFiles(folder, { "gen/market/v1/py.typed": "" });
    const pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"];
    // Without isolation, what builds is not fetched again.
    runPython("python", [...pip, "wheel", "--no-build-isolation", "--no-deps", "-w", "wheels", "."], { cwd: folder });
    const [wheel = ""] = readdirSync(join(folder, "wheels"));
    expect(wheel).toBe("acme_market-1.0.0-py3-none-any.whl");

    runPython("python", ["-m", "venv", "--without-pip", "fresh"], { cwd: folder });
    const fresh = join(folder, "fresh/bin/python");
    runPython(
      "python",
      ["-m", "pip", "--python", fresh, "install", "--quiet", "--no-deps", "--no-index", join("wheels", wheel)],
      { cwd: folder },
    );
    const sitePackages = (python: string) =>
      execFileSync(python, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], {
        encoding: "utf8",
      }).trim();
    // Its dependencies are those of the tests.
    writeFiles(sitePackages(fresh), { "dependencies.pth": `${sitePackages(pythonCommand("python").command)}\n` });
    expect(files(sitePackages(fresh))).toEqual(
      expect.arrayContaining(["market/v1/py.typed", "market/v1/market_pb2.pyi", "sse/runtime/py.typed"]),
    );

    writeFiles(join(folder, "user"), {
      "main.py": `${IMPORTS}
from market.v1.market_pb2 import GetQuoteRequest, Quote


def quote(client: MarketServiceClient) -> Quote:
    """Get a quote."""
    return client.get_quote(GetQuoteRequest(symbol="AAPL"))


async def price(client: AsyncMarketServiceClient) -> float:
    """Get a price."""
    return (await client.get_quote(GetQuoteRequest(symbol="AAPL"))).price
`,
      "wrong.py": "from main import quote\n\nquote(1).prize\n",
      "pyrightconfig.json": JSON.stringify({ venvPath: folder, venv: "fresh", typeCheckingMode: "strict" }),
    });
    const user = { cwd: join(folder, "user") };
    execFileSync(fresh, ["-c", "import main"], user);
    expect(
      runPython("mypy", ["--strict", "--cache-dir=.mypy", `--python-executable=${fresh}`, "main.py"], user),
    ).toContain("no issues");
    expect(runPyright(["main.py"], user)).toContain("0 errors");
    expect(() =>
      runPython("mypy", ["--strict", "--cache-dir=.mypy", `--python-executable=${fresh}`, "wrong.py"], user),
    ).toThrow('"Quote" has no attribute "prize"');
    expect(() => runPyright(["wrong.py"], user)).toThrow('Cannot access attribute "prize"');
  });
});

/** The block of docs/python.md in a language that has this text. */
function docs(language: string, text: string): string {
  const guide = readFileSync(join(root, "docs/python.md"), "utf8");
  const blocks = [...guide.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, name, code = ""]) => ({ name, code }));
  const block = blocks.find(({ name, code }) => name === language && code.includes(text));
  if (block === undefined) {
    throw new Error(`docs/python.md has no block of ${language} with ${text}`);
  }
  return block.code;
}
