/** Runs the tests of the runtime's modules over the files that the modules are joined to. */
import { dirname, join, resolve } from "node:path";
import type { Plugin } from "vitest/config";

const root = join(import.meta.dirname, "..");
const templates = join(root, "templates/typescript");

/**
 * Leads every import of a module to its joined file. Tests import internals too, so each file is loaded as it is
 * emitted, with one more statement that exports what it does not.
 */
export function joinedRuntime(): Plugin {
  let loading: ReturnType<typeof joinAll> | undefined;
  return {
    name: "joined-runtime",
    enforce: "pre",
    async resolveId(source, importer) {
      if (importer === undefined || !source.startsWith(".")) {
        return undefined;
      }
      loading ??= joinAll();
      const { texts, joined } = await loading;
      const path = resolve(dirname(importer), source.replace(/\.js$/, ".ts"));
      return texts.has(path) ? path : joined.get(path);
    },
    load: async (id) => (await loading)?.texts.get(id),
  };
}

/** The text of each file, and the file of each module; for all entries at once, as tests compare the two clients. */
async function joinAll() {
  const { createJoiner } = await import("../scripts/join-runtime.js"); // takes seconds, as ts-morph does
  const texts = new Map<string, string>();
  const joined = new Map<string, string>();
  for (const { name, text, modules, internals } of createJoiner(templates)(["client", "client-json", "server"])) {
    const path = join(root, ".cache/joined", name);
    texts.set(path, `${text}export { ${internals.join(", ")} };\n`);
    for (const module of modules) {
      joined.set(join(templates, module), path);
    }
  }
  return { texts, joined };
}
