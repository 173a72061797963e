/**
 * The projects that people have. The packed package is installed as its users install it, its plugin generates every
 * golden case there, and the code compiles under the tsconfig of each kind of project.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeFiles } from "../golden.js";
import { codeCases } from "../golden-code.js";
import { isCommand } from "../is-command.js";
import {
  generateInstalledMessages,
  npm,
  pack,
  runInstalled,
  serviceCase,
  serviceMain,
  serviceOutput,
} from "../packed.js";

const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-projects-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Extension = "js" | "none" | "ts";

interface Kind {
  readonly project: string;
  readonly typescript: "5.4" | "5.9" | "6" | "7";
  readonly extends?: string | readonly string[];
  readonly compilerOptions?: object;
  /** Of relative imports; `none` where a bundler resolves them. */
  readonly extension: Extension;
}

const bundler = { module: "ESNext", moduleResolution: "bundler" };
const bases = "../node_modules/@tsconfig";

/**
 * Each kind of project with one compiler, not with each: an error comes from what a lib declares, or from what a
 * compiler or a target refuses. So each compiler meets a lib with the DOM and one without it, and the oldest target and
 * the oldest Node meet the oldest and the newest compiler. `skipLibCheck` is off, except where types fail by themselves: those of
 * protobuf-es with TypeScript before 5.7, and those of Bun and of Vite.
 */
const kinds: readonly Kind[] = [
  { project: "@tsconfig/node20", typescript: "5.4", extends: `${bases}/node20/tsconfig.json`, extension: "js" },
  {
    project: "target ES2020",
    typescript: "5.4",
    compilerOptions: { ...bundler, strict: true, target: "ES2020", types: [], skipLibCheck: true },
    extension: "none",
  },
  {
    project: "@tsconfig/node22",
    typescript: "5.9",
    extends: `${bases}/node22/tsconfig.json`,
    compilerOptions: { skipLibCheck: false },
    extension: "js",
  },
  {
    project: "create-next-app", // its target is ES2017
    typescript: "5.9",
    extends: "../node_modules/create-next-app/dist/templates/app/ts/tsconfig.json",
    compilerOptions: { skipLibCheck: false, incremental: false, types: ["node"] },
    extension: "none",
  },
  {
    project: "@tsconfig/node20",
    typescript: "7",
    extends: `${bases}/node20/tsconfig.json`,
    compilerOptions: { skipLibCheck: false },
    extension: "js",
  },
  { project: "@tsconfig/bun", typescript: "6", extends: `${bases}/bun/tsconfig.json`, extension: "none" },
  {
    project: "create-vite",
    typescript: "6",
    extends: "../node_modules/create-vite/template-vanilla-ts/tsconfig.json",
    compilerOptions: { erasableSyntaxOnly: false }, // the enums of protoc-gen-es
    extension: "none",
  },
  {
    project: "@tsconfig/strictest",
    typescript: "7",
    extends: `${bases}/strictest/tsconfig.json`,
    compilerOptions: { ...bundler, target: "ES2022", lib: ["ES2022"], types: ["node"], skipLibCheck: false },
    extension: "none",
  },
  {
    project: "@cloudflare/workers-types",
    typescript: "7",
    compilerOptions: {
      ...bundler,
      strict: true,
      target: "ES2024",
      lib: ["ES2024"],
      types: ["@cloudflare/workers-types"],
      skipLibCheck: false,
    },
    extension: "none",
  },
  {
    project: "target ES2020",
    typescript: "7",
    compilerOptions: { ...bundler, strict: true, target: "ES2020", types: [], skipLibCheck: false },
    extension: "none",
  },
  {
    project: "without strict",
    typescript: "7",
    compilerOptions: {
      ...bundler,
      strict: false,
      target: "ESNext",
      lib: ["ESNext"],
      types: ["node"],
      skipLibCheck: false,
    },
    extension: "none",
  },
];

/** The cases whose client is also generated for JSON types: one with the runtime, and all kinds of fields and events. */
const jsonCases = ["sse", "messages-json", "types", "events"];

beforeAll(() => {
  for (const name of ["package.json", "package-lock.json"]) {
    cpSync(join(import.meta.dirname, name), join(dir, name));
  }
  npm(dir, "ci");
  npm(dir, "install", "--no-save", pack(dir));
  const all = (["js", "none", "ts"] as const).flatMap((extension) =>
    codeCases().map((golden) => ({ golden, extension, style: `import_extension=${extension}` })),
  );
  const messages = generateInstalledMessages(
    dir,
    all.map(({ golden, style }) => ({ request: golden.request, parameter: `target=ts,json_types=true,${style}` })),
  );
  all.forEach(({ golden: { name, request }, extension, style }, i) => {
    const code = runInstalled(dir, request, `${request.parameter},${style}`);
    writeFiles(join(dir, extension, name), { ...messages[i], ...code });
    if (jsonCases.includes(name)) {
      const json = runInstalled(dir, request, `emit=client,messages=json,${style}`);
      writeFiles(join(dir, extension, `${name}-json`), { ...messages[i], ...json });
    }
  });
  // Types of a version of Node have the name that the others import, and so stand in the project itself.
  for (const { project, typescript } of kinds.filter(({ project }) => project === "@tsconfig/node20")) {
    const types = join(dir, folder(project, typescript), "node_modules/@types/node");
    cpSync(join(dir, "node_modules/types-node-20"), types, { recursive: true });
  }
}, 600_000);

function folder(project: string, typescript: string): string {
  return `${project} ${typescript}`.replace(/\W+/g, "-");
}

/** What a compiler has to say about a project; empty when nothing. */
function compile(typescript: string, project: string): string {
  const tsc = join(dir, `node_modules/typescript-${typescript}/bin/tsc`);
  try {
    execFileSync(process.execPath, [tsc, "-p", project, "--pretty", "false"], { cwd: dir, encoding: "utf8" });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout; // what execFileSync throws
  }
}

function writeTsconfig(path: string, config: object, ...include: string[]): void {
  writeFiles(dir, { [`${path}/tsconfig.json`]: JSON.stringify({ ...config, include, exclude: [] }) });
}

describe("every golden case compiles in a project of", () => {
  test.each(kinds)(
    "$project, TypeScript $typescript",
    ({ project, typescript, compilerOptions, extension, ...kind }) => {
      const path = folder(project, typescript);
      const config = { ...kind, compilerOptions: { ...compilerOptions, noEmit: true } };
      writeTsconfig(path, config, `../${extension}/**/*.ts`);
      expect(compile(typescript, path)).toBe("");
    },
  );

  test("is checked at all: a wrong call does not compile", () => {
    const call = 'import { ChatServiceClient } from "../none/sse/chat/v1/chat_client"; new ChatServiceClient({});';
    writeFiles(dir, { "wrong/wrong.ts": call });
    writeTsconfig("wrong", { compilerOptions: { ...bundler, strict: true, noEmit: true, types: [] } }, "wrong.ts");
    expect(compile("7", "wrong")).toContain("Property 'baseUrl' is missing");
  });

  test.each(["5.4", "5.9", "6", "7"])("the targets js and dts, TypeScript %s", (typescript) => {
    const path = folder("target", typescript);
    const installed = join(dir, path, "node_modules");
    // A copy of the package takes the compiler beside it, not that of the project around it.
    cpSync(join(dir, "node_modules/protoc-gen-sse"), join(installed, "protoc-gen-sse"), { recursive: true });
    symlinkSync(join(dir, `node_modules/typescript-${typescript}`), join(installed, "typescript"));
    mkdirSync(join(installed, ".bin"));
    symlinkSync("../protoc-gen-sse/bin/protoc-gen-sse", join(installed, ".bin/protoc-gen-sse"));
    const request = serviceCase();
    const parameter = "target=js+dts,import_extension=js";
    const main = serviceMain("./sse/runtime/server.js");
    writeFiles(join(dir, path), {
      ...generateInstalledMessages(dir, [{ request, parameter }])[0],
      ...runInstalled(join(dir, path), request, parameter),
      "main.js": main,
      "check.ts": main,
    });
    expect(execFileSync(process.execPath, [join(dir, path, "main.js")], { encoding: "utf8" })).toBe(serviceOutput);
    const compilerOptions = { ...bundler, strict: true, target: "ES2022", types: [], noEmit: true };
    writeTsconfig(path, { compilerOptions: { ...compilerOptions, skipLibCheck: typescript === "5.4" } }, "check.ts");
    expect(compile(typescript, path)).toBe("");
  });

  const hasDeno = isCommand("deno");
  if (!hasDeno && process.env["CI"] !== undefined) {
    throw new Error("deno is not installed: see .ci/run");
  }

  test.skipIf(!hasDeno)("Deno", () => {
    writeFiles(dir, { "ts/deno.json": JSON.stringify({ nodeModulesDir: "manual" }) });
    const check = () => execFileSync("deno", ["check", "--quiet", "."], { cwd: join(dir, "ts"), stdio: "pipe" });
    expect(check).not.toThrow();
  });
});
