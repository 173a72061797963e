// @ts-check
/**
 * `node run.js [name…]` runs the benches of these names, or all of them, prints their tables and writes them into
 * docs/performance.md. Each bench has a process of its own: the code that V8 compiled for one does not meet another.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { environment, measure, table } from "./harness.js";

const page = new URL("../docs/performance.md", import.meta.url);
const known = readdirSync(new URL("rows", import.meta.url))
  .filter((file) => file.endsWith(".js"))
  .map((file) => file.slice(0, -3))
  .sort();

const names = process.argv.slice(2).length > 0 ? process.argv.slice(2) : known;
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no bench "${unknown.join('", "')}": there are ${known.join(", ")}`);
  process.exitCode = 2;
} else if (names.length === 1) {
  await run(names[0]);
} else {
  for (const name of names) {
    const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], { stdio: "inherit" });
    process.exitCode = status === 0 ? process.exitCode : 1;
  }
}

/** @param {string} name */
async function run(name) {
  /** @type {import("./harness.js").Bench} */
  const bench = (await import(`./rows/${name}.js`)).default;
  const { title, packages = [], versions = [`Node ${process.versions.node}`], missing, rows, goals, close } = bench;
  const results = [];
  console.log(`\n${title} (${name})`);
  if (missing !== undefined) {
    console.log(`skipped: ${missing}`);
    return;
  }
  for (const row of await rows) {
    const measured = await measure(row);
    console.log(table(measured).split("\n").slice(2).join("\n"));
    results.push(...measured);
  }
  await close?.();
  const conclusions = (goals?.(results) ?? []).map(
    (goal) => `${goal.reached ? "Reached" : "Not reached"}: ${goal.name}`,
  );
  const notes = [...conclusions, `${environment([...versions, ...packages.map(versionOf)])}.`];
  console.log(notes.join("\n"));
  write(name, [table(results), ...notes].join("\n\n"));
}

/** The version that the benches use: their own, or that of the project. @param {string} name */
function versionOf(name) {
  const found = ["node_modules/", "../node_modules/"]
    .map((folder) => new URL(`${folder}${name}/package.json`, import.meta.url))
    .find((url) => existsSync(url));
  if (found === undefined) {
    throw new Error(`the package "${name}" is not installed: npm ci`);
  }
  return `${name} ${JSON.parse(readFileSync(found, "utf8")).version}`;
}

/** Puts a table between its markers. @param {string} name @param {string} text */
function write(name, text) {
  const before = readFileSync(page, "utf8");
  const start = `<!-- bench: ${name} -->\n`;
  const from = before.indexOf(start);
  const to = before.indexOf("\n<!-- end -->", from);
  if (from < 0 || to < 0) {
    throw new Error(`docs/performance.md has no markers for this bench: ${start}<!-- end -->`);
  }
  writeFileSync(page, before.slice(0, from + start.length) + text + before.slice(to));
}
