/**
 * Which tests are unit tests: those whose imports, followed through our own modules, open no socket and start no
 * process. `node test/unit-tests.js` prints them; unit-guard.ts holds them to it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folders = ["src", "templates", "test", "examples", "conformance"];

/** What opens sockets or starts processes: modules of Node, servers, and the compilers and bundlers that tests run. */
const outside =
  /^(node:(child_process|cluster|dgram|http|http2|https|net|tls|worker_threads)|srvx|express|fastify|hono|@hono\/.*|esbuild|rolldown|ts-morph)(\/|$)/;

/** @param {string} path of a test @returns {boolean} */
export function isUnitTest(path) {
  const seen = new Set([path]);
  for (const file of seen) {
    for (const specifier of importsOf(file)) {
      if (outside.test(specifier)) {
        return false;
      }
      const module = resolve(dirname(file), specifier).replace(/\.js$/, ".ts");
      if (specifier.startsWith(".") && existsSync(module)) {
        seen.add(module);
      }
    }
  }
  return true;
}

/** The modules that a file imports, without those of which it takes only types. @param {string} file */
function importsOf(file) {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/^(?:import|export) (?!type )(?:[^;"]*? from )?"([^"]+)"|\bimport\("([^"]+)"\)/gm)].flatMap(
    ([, specifier, dynamic]) => specifier ?? dynamic ?? [],
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      const path = join(root, folder, name);
      if (name.endsWith(".test.ts") && !name.includes("node_modules") && isUnitTest(path)) {
        console.log(relative(root, path));
      }
    }
  }
}
