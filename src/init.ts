import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { didYouMean } from "./problems.js";

/** The files that `init` writes: in `common` those of all runtimes, and in a folder of its own what a runtime has instead. */
const templates = fileURLToPath(new URL("../templates/init", import.meta.url));

interface Runtime {
  readonly title: string;
  /** One of these files shows that a project is for the runtime, */
  readonly signs: readonly string[];
  /** or a match in its package.json. */
  readonly inManifest?: RegExp;
  /** The commands that run the server and the client; `run` starts the command of an installed package. */
  readonly server: (run: string) => string;
  readonly client: (run: string) => string;
}

/** The first runtime that a sign is found of is taken: a Workers project also has a package.json. */
const runtimes = {
  workers: {
    title: "Cloudflare Workers",
    signs: ["wrangler.jsonc", "wrangler.json", "wrangler.toml"],
    inManifest: /"wrangler"\s*:/,
    server: (run) => `${run} wrangler dev src/server.ts --port 3000`,
    client: (run) => `${run} tsx src/client.ts`,
  },
  deno: {
    title: "Deno",
    signs: ["deno.json", "deno.jsonc", "deno.lock"],
    server: () => "deno run --allow-net --allow-env src/server.ts",
    client: () => "deno run --allow-net --allow-env src/client.ts",
  },
  bun: {
    title: "Bun",
    signs: ["bun.lock", "bun.lockb", "bunfig.toml"],
    inManifest: /"packageManager"\s*:\s*"bun@|"@types\/bun"\s*:/,
    server: () => "bun src/server.ts",
    client: () => "bun src/client.ts",
  },
  node: {
    title: "Node",
    signs: ["package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock"],
    server: (run) => `${run} tsx src/server.ts`,
    client: (run) => `${run} tsx src/client.ts`,
  },
} satisfies Record<string, Runtime>;
type RuntimeName = keyof typeof runtimes;
const runtimeNames = Object.keys(runtimes) as RuntimeName[]; // what it declares
const isRuntimeName = (name: string): name is RuntimeName => Object.hasOwn(runtimes, name);

interface Manager {
  readonly lockfiles: readonly string[];
  readonly install: string;
  readonly add: string;
  readonly addDev: string;
  readonly run: string;
}

const managers = {
  pnpm: {
    lockfiles: ["pnpm-lock.yaml"],
    install: "pnpm install",
    add: "pnpm add",
    addDev: "pnpm add --save-dev",
    run: "pnpm exec",
  },
  yarn: {
    lockfiles: ["yarn.lock"],
    install: "yarn install",
    add: "yarn add",
    addDev: "yarn add --dev",
    run: "yarn run",
  },
  bun: {
    lockfiles: ["bun.lock", "bun.lockb"],
    install: "bun install",
    add: "bun add",
    addDev: "bun add --dev",
    run: "bunx --bun",
  },
  deno: {
    lockfiles: [],
    install: "deno install",
    add: "deno add",
    addDev: "deno add --dev",
    run: "deno run --allow-all",
  },
  npm: {
    lockfiles: ["package-lock.json"],
    install: "npm install",
    add: "npm install",
    addDev: "npm install --save-dev",
    run: "npx",
  },
} satisfies Record<string, Manager>;
type ManagerName = keyof typeof managers;

/** What a file that is kept must contain, and what to tell the user if it does not. */
const needs: Readonly<Record<string, readonly [RegExp, string]>> = {
  "buf.yaml": [/protoc-gen-sse\/proto/, 'add the modules "proto" and "node_modules/protoc-gen-sse/proto"'],
  "buf.gen.yaml": [/protoc-gen-sse/, "add the plugins protoc-gen-es and protoc-gen-sse, both with out: src/gen"],
  "wrangler.jsonc": [/enable_request_signal/, 'add the compatibility flag "enable_request_signal"'],
  "deno.json": [/nodeModulesDir/, 'add "nodeModulesDir": "auto"'],
  "src/server.ts": [/service\.[jt]s"/, "serve src/service.ts with it"],
  "src/client.ts": [/CountdownServiceClient/, "it is not the client of the new service, for which you can use curl"],
  "src/service.ts": [/createCountdownService/, "the new server needs `export const server` of it"],
};

interface Kept {
  /** The path of the template; the file in the project can have another extension. */
  readonly path: string;
  readonly found: string;
  readonly text: string;
  readonly template: string;
}

/**
 * Writes what a first stream needs into a folder: the configuration of buf, a proto, a server and a client for the runtime
 * of the project. Files that exist are kept. Returns what to print. An error has a message for the user.
 *
 * `userAgent` is the environment variable `npm_config_user_agent`, which shows the package manager that runs this.
 */
export function init(args: readonly string[], folder: string, userAgent: string): string {
  const { name, reason } = chooseRuntime(args, folder, userAgent);
  const written: string[] = [];
  const kept: Kept[] = [];
  for (const [path, template] of readTemplates(name)) {
    const found = [path, ...synonyms(path)].find((synonym) => existsSync(join(folder, synonym)));
    if (found === undefined) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), template, { flag: "wx" }); // fails where a file has come meanwhile
      written.push(path);
    } else {
      kept.push({ path, found, text: readFileSync(join(folder, found), "utf8"), template });
    }
  }
  const { server, client }: Runtime = runtimes[name];
  const manager = managers[chooseManager(name, folder, userAgent)];
  const generate = name === "deno" ? "npm:@bufbuild/buf generate" : "buf generate";
  return [
    `A project for ${runtimes[name].title} (${reason}):`,
    "",
    ...written.map((path) => `  wrote  ${path}`),
    ...kept.map(({ found, ...file }) => `  kept   ${found}${remedy(file)}`),
    "",
    "Next:",
    "",
    `  ${installCommand(manager, kept)}`,
    `  ${manager.run} ${generate}`,
    `  ${server(manager.run)}`,
    "",
    `Then, in another terminal: ${client(manager.run)}`,
    "",
  ].join("\n");
}

function chooseRuntime(args: readonly string[], folder: string, userAgent: string) {
  const [name, ...others] = args;
  if (name !== undefined) {
    if (!isRuntimeName(name) || others.length > 0) {
      const wrong = isRuntimeName(name) ? `unexpected argument "${others[0]}"` : `unknown runtime "${name}"`;
      const meant = isRuntimeName(name) ? "" : didYouMean(name, runtimeNames);
      throw new Error(`${wrong}${meant}: protoc-gen-sse init [${runtimeNames.join(" | ")}]`);
    }
    return { name, reason: "as asked for" };
  }
  const manifest = join(folder, "package.json");
  const packages = existsSync(manifest) ? readFileSync(manifest, "utf8") : "";
  for (const name of runtimeNames) {
    const { signs, inManifest }: Runtime = runtimes[name];
    const sign = signs.find((file) => existsSync(join(folder, file)));
    if (sign !== undefined) {
      return { name, reason: `there is ${sign}` };
    }
    if (inManifest?.test(packages)) {
      return { name, reason: "found in package.json" };
    }
  }
  const agent = /^(bun|deno)\//.exec(userAgent)?.[1];
  return agent !== undefined && isRuntimeName(agent)
    ? { name: agent, reason: "it runs this command" }
    : { name: "node" as const, reason: "no other runtime was found" };
}

function chooseManager(runtime: RuntimeName, folder: string, userAgent: string): ManagerName {
  if (runtime === "bun" || runtime === "deno") {
    return runtime;
  }
  const names = Object.keys(managers) as ManagerName[]; // what it declares
  const locked = names.find((name) => managers[name].lockfiles.some((file) => existsSync(join(folder, file))));
  return locked ?? names.find((name) => name !== "deno" && userAgent.startsWith(`${name}/`)) ?? "npm";
}

/** The paths and texts of the files for a runtime. */
function readTemplates(runtime: RuntimeName): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of ["common", runtime].map((name) => join(templates, name))) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) {
        const path = join(entry.parentPath, entry.name);
        const text = readFileSync(path, "utf8");
        // Deno resolves no import of a file with another extension.
        const isDenoModule = runtime === "deno" && path.endsWith(".ts");
        files.set(
          path.slice(folder.length + 1).replaceAll("\\", "/"),
          isDenoModule ? text.replaceAll('.js";', '.ts";') : text,
        );
      }
    }
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Other names of the same configuration. */
function synonyms(path: string): readonly string[] {
  const stem = /^(wrangler|deno)\./.exec(path)?.[0];
  return stem === undefined ? [] : ["json", "jsonc", "toml"].map((extension) => stem + extension);
}

function remedy({ path, text }: Omit<Kept, "found">): string {
  const [pattern, what] = needs[path] ?? [];
  return pattern === undefined || pattern.test(text) ? "" : `: ${what}`;
}

/** Installs the packages of a new package.json or deno.json, or those that the project's own does not name. */
function installCommand(manager: Manager, kept: readonly Kept[]): string {
  const manifest = kept.find(({ path }) => path === "package.json" || path === "deno.json");
  if (manifest === undefined) {
    return manager.install;
  }
  const { dependencies = {}, devDependencies = {}, imports = {} } = JSON.parse(manifest.template); // our own
  const missing = (names: object) => Object.keys(names).filter((name) => !manifest.text.includes(`"${name}"`));
  const commands = [
    [manager.add, ...missing(dependencies)],
    [manager.addDev, ...missing(devDependencies)],
    [manager.add, ...missing(imports).map((name) => `npm:${name}`)],
  ].filter(([, ...names]) => names.length > 0);
  return commands.length === 0 ? manager.install : commands.map((words) => words.join(" ")).join(" && ");
}
