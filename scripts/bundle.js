/**
 * Bundles the plugin into dist/protoc-gen-sse.js.
 *
 * protoplugin imports the TypeScript compiler when it is loaded, which takes most of its start-up time,
 * and buf starts a plugin once per directory. The plugin brings its own `transpile`, which loads the
 * compiler when `target=js` or `target=dts` needs it: the one of protoplugin is never called.
 */
import { build } from "esbuild";
import { patchProtoplugin } from "./patch-protoplugin.js";

const withoutCompiler = {
  name: "leave the TypeScript compiler out",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(typescript|@typescript\/vfs)$/ }, ({ path }) => ({ path, namespace: "none" }));
    onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = {};" }));
  },
};

await build({
  entryPoints: ["src/main.ts"],
  outfile: "dist/protoc-gen-sse.js",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  // The packages in the bundle that are CommonJS require modules of Node.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  plugins: [withoutCompiler, patchProtoplugin],
});
