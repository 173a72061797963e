// @ts-check
/**
 * What it costs to compile generated code: `tsc` over 250 services of googleapis.
 *
 * The peer is the same compiler over the messages alone, which protoc-gen-es generates for the services and for all that
 * they import. A ratio of 1 would mean that clients and servers cost nothing. Strict, `skipLibCheck`, no output. CPU
 * time of the compiler, and the number of types that it makes, which does not vary. Each run is a new process, so there
 * is no warm-up.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBinary } from "@bufbuild/protobuf";
import { CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import { createRequest, loadGoogleapis, runEs, runOurs } from "../plugins.js";

const SERVICES = 250;
const root = fileURLToPath(new URL("../..", import.meta.url));
const project = join(root, ".cache/bench-type-check");
const all = loadGoogleapis();

let services = 0;
const some = all.filter(({ service }) => {
  services += service.length;
  return service.length > 0 && services <= SERVICES;
});
const withImports = new Set(some);
for (const file of withImports) {
  for (const imported of file.dependency.filter((name) => !name.startsWith("google/protobuf/"))) {
    withImports.add(/** @type {typeof all[number]} */ (all.find(({ name }) => name === imported)));
  }
}

/** @param {ReturnType<typeof runOurs>} run */
async function write(run) {
  for (const { name, content } of fromBinary(CodeGeneratorResponseSchema, (await run()).output).file) {
    mkdirSync(dirname(join(project, "gen", name)), { recursive: true });
    writeFileSync(join(project, "gen", name), content);
  }
}

rmSync(project, { recursive: true, force: true });
mkdirSync(project, { recursive: true });
symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
writeFileSync(join(project, "package.json"), '{ "type": "module" }');
await write(runEs(createRequest(all, [...withImports], "target=ts,import_extension=js")));
await write(runOurs(createRequest(all, some, "target=ts,emit=client+server,import_extension=js")));

/** @param {string} name @param {string[]} include */
function check(name, include) {
  const config = join(project, `${name}.json`);
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    lib: ["es2023", "dom", "dom.iterable"],
    types: [],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  };
  writeFileSync(config, JSON.stringify({ compilerOptions, include: include.map((files) => `gen/**/${files}`) }));
  // The compiler is a process that `tsc` starts: `times` of the shell counts it.
  const script = `${join(root, "node_modules/.bin/tsc")} -p ${config} --extendedDiagnostics && times`;
  return () => {
    const output = execFileSync("sh", ["-c", script], { encoding: "utf8", maxBuffer: 1 << 26 });
    const [, minutes = "", seconds = "", systemMinutes = "", systemSeconds = ""] =
      /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(output) ?? [];
    return {
      CPU: (Number(minutes) + Number(systemMinutes)) * 60_000 + (Number(seconds) + Number(systemSeconds)) * 1000,
      types: Number(/Types:\s*(\d+)/.exec(output)?.[1]) / 1000,
    };
  };
}

const messages = check("messages", ["*_pb.ts"]);

/** @param {string} name @param {string[]} include @param {number} [target] */
const row = (name, include, target) => ({
  name,
  rounds: 3,
  warmup: 1, // reads the files into the cache of the disk
  subjects: { ours: check(name.replaceAll(" ", "-"), ["*_pb.ts", ...include]), "the messages alone": messages },
  figures: {
    CPU: { unit: "ms", ...(target !== undefined && { ratio: { "the messages alone": target } }) },
    types: { unit: "thousand" },
  },
});

/** @type {import("../harness.js").Bench} */
export default {
  title: "Type check of generated code",
  packages: ["typescript", "@bufbuild/protoc-gen-es", "google-proto-files"],
  rows: [
    row("clients and servers", ["*_client.ts", "*_server.ts"], 2),
    row("clients", ["*_client.ts"]),
    row("servers", ["*_server.ts"]),
  ],
};
