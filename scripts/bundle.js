/**
 * Bundles the plugin into dist/protoc-gen-sse.cjs.
 *
 * protoplugin imports the TypeScript compiler when it is loaded, which takes most of its start-up time,
 * and buf starts a plugin once per directory. The plugin brings its own `transpile`, which loads the
 * compiler when `target=js` or `target=dts` needs it: the one of protoplugin is never called.
 */
import { build } from "esbuild";
import { patchProtobufEs } from "./patch-protobuf-es.js";

const withoutCompiler = {
  name: "leave the TypeScript compiler out",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(typescript|@typescript\/vfs)$/ }, ({ path }) => ({ path, namespace: "none" }));
    onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = {};" }));
  },
};

/** Modules that few runs need: what is used of them, and where it is found. They are loaded when it is used. */
const LAZY = {
  yaml: { names: ["parse", "parseDocument"], from: "./yaml.cjs" },
  "node:child_process": { names: ["spawnSync"], from: "node:child_process" },
  "node:http": { names: ["STATUS_CODES"], from: "node:http" },
  "node:os": { names: ["tmpdir"], from: "node:os" },
  "node:tty": { names: ["isatty"], from: "node:tty" },
};

const lazy = {
  name: "load when needed",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(?:${Object.keys(LAZY).join("|")})$`) }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "lazy" } : undefined,
    );
    onResolve({ filter: /^\.\/yaml\.cjs$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /.*/, namespace: "lazy" }, ({ path }) => {
      const { names, from } = LAZY[path];
      const getters = names.map((name) => `get ${name}() { return require("${from}").${name}; }`);
      return { contents: `module.exports = { ${getters.join(", ")} };` };
    });
  },
};

const options = { bundle: true, platform: "node", target: "node20", format: "cjs", minifyWhitespace: true };

await build({ ...options, entryPoints: ["yaml"], outfile: "dist/yaml.cjs" });
await build({
  ...options, // CommonJS starts faster than ES modules
  entryPoints: ["src/main.ts"],
  outfile: "dist/protoc-gen-sse.cjs",
  minifySyntax: true, // names stay, for the stacks of errors
  define: { "import.meta.url": "importMetaUrl" },
  banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  plugins: [withoutCompiler, lazy, patchProtobufEs],
});
