/** The plugin as users run it: through `buf generate`, through `protoc`, and from its package. */
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { files, loadCase, readWant, root } from "./golden.js";
import { isCommand } from "./is-command.js";

/** What the plugin makes for TypeScript. */
function wantOf(name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(readWant(loadCase(name))).filter(([path]) => path.startsWith("want/")));
}

const temporary: string[] = [];
afterAll(() => {
  for (const dir of temporary) {
    rmSync(dir, { recursive: true, force: true });
  }
});

const plugin = join(root, "bin/protoc-gen-sse");

/** A project in a folder of its own, far from ours: the protos of a golden case and our annotations. */
function project(golden: string): string {
  const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-"));
  temporary.push(dir);
  cpSync(join(root, "golden", golden), join(dir, "protos"), { recursive: true });
  rmSync(join(dir, "protos/want"), { recursive: true, force: true });
  cpSync(join(root, "proto"), join(dir, "sse-protos"), { recursive: true });
  return dir;
}

async function run(command: string, args: string[], cwd: string) {
  const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}` };
  try {
    return { code: 0, ...(await promisify(execFile)(command, args, { cwd, env, maxBuffer: 1 << 26 })) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }; // what execFile rejects with
    return { code, stdout, stderr };
  }
}

function bufProject(golden: string, strategy: string, options: string[]): string {
  const dir = project(golden);
  const json = (value: unknown) => JSON.stringify(value);
  writeFileSync(join(dir, "buf.yaml"), json({ version: "v2", modules: [{ path: "protos" }, { path: "sse-protos" }] }));
  const plugins = [{ local: plugin, out: "gen", strategy, opt: options }];
  writeFileSync(join(dir, "buf.gen.yaml"), json({ version: "v2", inputs: [{ directory: "protos" }], plugins }));
  return dir;
}

/** All files below gen/, by path. */
function generated(dir: string): Record<string, string> {
  const gen = join(dir, "gen");
  return Object.fromEntries(files(gen).map((file) => [join("want", file), readFileSync(join(gen, file), "utf8")]));
}

function parameter(golden: string): string[] {
  return loadCase(golden).request.parameter.split(",");
}

describe("buf generate", () => {
  test.each(["directory", "all"])("writes the golden files, strategy %s", async (strategy) => {
    const dir = bufProject("multi-file", strategy, parameter("multi-file"));
    const { code, stderr } = await run("buf", ["generate"], dir);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(generated(dir)).toEqual(wantOf("multi-file"));
  });

  test("merges the runtime that every directory emits, without a warning", async () => {
    const dir = bufProject("multi-file", "directory", []);
    const { code, stderr } = await run("buf", ["generate"], dir);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(Object.keys(generated(dir))).toContain("want/sse/runtime/client.ts");
    expect(Object.keys(generated(dir))).toContain("want/sse/runtime/server.ts");
  });

  test("reports every problem with its place, and writes nothing", async () => {
    const dir = bufProject("errors/several", "all", []);
    const { code, stderr } = await run("buf", ["generate"], dir);
    expect(code).not.toBe(0);
    const want = readFileSync(join(root, "golden/errors/several/want.txt"), "utf8");
    for (const line of want.trim().split("\n")) {
      expect(stderr).toContain(line);
    }
    expect(readdirSync(dir)).not.toContain("gen");
  });

  test("names an option that it does not know", async () => {
    const dir = bufProject("unary", "all", ["emitt=client"]);
    const { code, stderr } = await run("buf", ["generate"], dir);
    expect(code).not.toBe(0);
    expect(stderr).toContain('unknown option "emitt" (did you mean "emit"?): the options are target, emit, messages,');
  });

  test("emits JavaScript and declarations that Node runs", async () => {
    const dir = bufProject("unary", "all", ["target=js+dts", "import_extension=js", "emit=server"]);
    expect(await run("buf", ["generate"], dir)).toMatchObject({ code: 0 });
    const names = Object.keys(generated(dir));
    expect(names).toContain("want/sse/runtime/server.js");
    expect(names).toContain("want/sse/runtime/server.d.ts");
    expect(names.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))).toEqual([]);
    writeFileSync(join(dir, "package.json"), '{"type": "module"}');
    mkdirSync(join(dir, "node_modules"));
    cpSync(join(root, "node_modules/@bufbuild/protobuf"), join(dir, "node_modules/@bufbuild/protobuf"), {
      recursive: true,
    });
    const script =
      'const { createServer } = await import("./gen/sse/runtime/server.js"); console.log(typeof createServer)';
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], dir);
    expect(stdout.trim()).toBe("function");
  });
});

describe("protoc", () => {
  const hasProtoc = isCommand("protoc");
  if (!hasProtoc) {
    const how = "protoc is not installed: apt-get install protobuf-compiler";
    if (process.env["CI"] !== undefined) {
      throw new Error(how);
    }
    console.warn(`SKIPPED: the plugin through protoc. ${how}`);
  }

  test.skipIf(!hasProtoc)("writes the golden files", async () => {
    const dir = project("multi-file");
    mkdirSync(join(dir, "gen"));
    const opt = parameter("multi-file").join(",");
    const { code, stderr } = await run("protoc", protocArguments(dir, opt), dir);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(generated(dir)).toEqual(wantOf("multi-file"));
  });

  test.skipIf(!hasProtoc)("reports problems as its own, and fails", async () => {
    const dir = project("errors/several");
    mkdirSync(join(dir, "gen"));
    const { code, stderr } = await run("protoc", protocArguments(dir, ""), dir);
    expect(code).not.toBe(0);
    // protoc knows the place of an option, not of what stands in it: the line of the option's start.
    expect(stderr).toMatch(
      /market\/v1\/market\.proto:\d+:\d+: rpc market\.v1\.MarketService\.GetQuote: path variable {symbl}/,
    );
    expect(stderr.trim().split("\n").length).toBe(
      readFileSync(join(root, "golden/errors/several/want.txt"), "utf8").trim().split("\n").length,
    );
    expect(readdirSync(join(dir, "gen"))).toEqual([]);
  });
});

describe("the bundle", () => {
  test("loads no TypeScript compiler for target=ts, and loads it for target=js", async () => {
    expect(await loadsCompiler("target=ts")).toBe(false);
    expect(await loadsCompiler("target=js")).toBe(true);
  });

  /** Node's coverage lists every script that was loaded. */
  async function loadsCompiler(target: string): Promise<boolean> {
    const dir = bufProject("unary", "all", [target, "runtime=protoc-gen-sse"]);
    const coverage = join(dir, "coverage");
    execFileSync("buf", ["generate"], {
      cwd: dir,
      env: {
        ...process.env,
        PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}`,
        NODE_V8_COVERAGE: coverage,
      },
    });
    const scripts = files(coverage).map((file) => readFileSync(join(coverage, file), "utf8"));
    expect(scripts.join("")).toContain("dist/protoc-gen-sse.cjs"); // the plugin's process is among them
    return scripts.some((text) => text.includes("node_modules/typescript/"));
  }
});

function protocArguments(dir: string, opt: string): string[] {
  const protos = files(join(dir, "protos")).filter((file) => file.endsWith(".proto"));
  return [
    `--plugin=protoc-gen-sse=${plugin}`,
    "--sse_out=gen",
    ...(opt === "" ? [] : [`--sse_opt=${opt}`]),
    "-Iprotos",
    "-Isse-protos",
    ...protos,
  ];
}
