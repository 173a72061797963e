/**
 * The oldest and the newest release of `@bufbuild/protobuf` that the package takes, each with its protoc-gen-es: the
 * packed package is installed as its users install it, generates a service, and the service runs, also after
 * everything that only development needs was left out.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { build, type Plugin } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { files, type GoldenCase, root, writeFiles } from "../golden.js";
import { codeCases, typeCheck } from "../golden-code.js";
import { loadDescriptors } from "../json-codec/descriptors.js";
import {
  generateInstalledMessages,
  npm,
  pack,
  runInstalled,
  serviceCase,
  serviceMain,
  serviceOutput,
} from "../packed.js";

const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-install-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let tarball = "";
beforeAll(() => {
  tarball = pack(dir);
});

/** Resolves protobuf-es to the release that is installed in a folder. */
function resolveFrom(resolveDir: string): Plugin {
  return {
    name: "protobuf-es",
    setup: ({ onResolve, resolve }) =>
      onResolve({ filter: /^@bufbuild\/protobuf/ }, ({ path, kind, pluginData }) =>
        pluginData === resolveDir ? undefined : resolve(path, { resolveDir, kind, pluginData: resolveDir }),
      ),
  };
}

/** protoc-gen-es generates edition 2024 since 2.8: the newest one compiles that case in projects.test.ts. */
function isInOldest({ name }: GoldenCase): boolean {
  return name !== "edition-2024";
}

function readJson(path: string): Record<string, Record<string, string>> {
  return JSON.parse(readFileSync(path, "utf8")); // package.json: only its objects of strings are read
}

test("the oldest project has the lowest versions of the range, the newest project is the matrix's", () => {
  const manifest = (path: string) => readJson(join(root, path, "package.json"));
  const [oldest, newest] = [manifest("test/projects/oldest"), manifest("test/projects/newest")];
  const { peerDependencies } = manifest(".");
  expect(peerDependencies).toEqual({ "@bufbuild/protobuf": `^${oldest["dependencies"]?.["@bufbuild/protobuf"]}` });
  expect(newest["dependencies"]?.["@bufbuild/protobuf"]).toBe(
    manifest("test/projects")["dependencies"]?.["@bufbuild/protobuf"],
  );
});

describe.each(["oldest", "newest"])("the %s @bufbuild/protobuf", (end) => {
  const project = join(dir, end);
  const messages = "target=ts,import_extension=js";
  // The types of @bufbuild/protobuf need TypeScript 5.7.
  const skipLibCheck = end === "oldest";
  const tsconfig = {
    skipLibCheck,
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2022"],
    types: ["node"],
    strict: true,
  };
  const main = (runtime: string) => join(project, "dist", runtime, "main.js");
  const run = (path: string) => execFileSync(process.execPath, [path], { encoding: "utf8" });

  beforeAll(() => {
    mkdirSync(project);
    for (const name of ["package.json", "package-lock.json"]) {
      cpSync(join(import.meta.dirname, end, name), join(project, name));
    }
    npm(project, "ci");
    npm(project, "install", tarball);
  }, 600_000);

  test("is installed once", () => {
    const copies = files(join(project, "node_modules")).filter((path) =>
      path.endsWith("@bufbuild/protobuf/package.json"),
    );
    expect(copies).toEqual(["@bufbuild/protobuf/package.json"]);
  });

  test("compiles, and runs a client against a server, with the runtime of the package and with the emitted one", () => {
    for (const [runtime, option, module] of [
      ["package", ",runtime=protoc-gen-sse", "protoc-gen-sse/server"],
      ["emitted", "", "./sse/runtime/server.js"],
    ] as const) {
      const request = serviceCase();
      writeFiles(join(project, "src", runtime), {
        ...generateInstalledMessages(project, [{ request, parameter: messages }])[0],
        ...runInstalled(project, request, `import_extension=js${option}`),
        "main.ts": serviceMain(module),
      });
    }
    const cases = end === "oldest" ? codeCases().filter(isInOldest) : [];
    const generated = generateInstalledMessages(
      project,
      cases.map(({ request }) => ({ request, parameter: `${messages},json_types=true` })),
    );
    cases.forEach(({ name, request }, i) => {
      writeFiles(join(project, "src/cases", name), {
        ...generated[i],
        ...runInstalled(project, request, `${request.parameter},import_extension=js`),
      });
    });
    const config = { compilerOptions: { ...tsconfig, rootDir: "src", outDir: "dist" }, include: ["src"] };
    writeFiles(project, { "tsconfig.json": JSON.stringify(config) });
    expect(typeCheck(project, "tsconfig.json", join(project, "node_modules/typescript/bin/tsc"))).toBe("");
    expect(run(main("package"))).toBe(serviceOutput);
    expect(run(main("emitted"))).toBe(serviceOutput);
  });

  test("reads and writes JSON as the codec does", async () => {
    const outfile = join(project, "differential.mjs");
    await build({
      entryPoints: [join(root, "test/json-codec/differential.ts")],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile,
      plugins: [resolveFrom(project)],
    });
    const { compareCodec }: typeof import("../json-codec/differential.js") = await import(pathToFileURL(outfile).href);
    compareCodec(toBinary(FileDescriptorSetSchema, loadDescriptors()), 100);
  });

  test("leaves out everything else with --omit=dev, and the service still runs", () => {
    rmSync(join(project, "node_modules"), { recursive: true });
    npm(project, "install", "--omit=dev");
    const installed = files(join(project, "node_modules"));
    const packages = installed.flatMap((path) => /^(?:@[^/]+\/)?[^/]+(?=\/package\.json$)/.exec(path) ?? []);
    expect(packages).toEqual(["@bufbuild/protobuf", "protoc-gen-sse"]);
    const megabytes = (name: string) =>
      installed
        .filter((path) => path.startsWith(`${name}/`))
        .reduce((sum, path) => sum + statSync(join(project, "node_modules", path)).size / 1e6, 0)
        .toFixed(2);
    console.log(`${end}: ${packages.map((name) => `${name} ${megabytes(name)} MB`).join(", ")}`);
    expect(run(main("package"))).toBe(serviceOutput);
  });

  test.each(["js", "dts"])("says what target=%s needs when TypeScript is not installed", (target) => {
    expect(() => runInstalled(project, serviceCase(), `target=${target}`, project)).toThrow(
      `option "target": ${target} needs TypeScript, which is not installed: npm install --save-dev typescript`,
    );
  });

  test("needs no TypeScript otherwise", () => {
    expect(Object.keys(runInstalled(project, serviceCase(), "", project))).toContain("chat/v1/chat_client.ts");
  });
});
