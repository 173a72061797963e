// @ts-check
/**
 * Makes protoplugin compute the names of a proto file once, instead of once for each name: patches/README.md.
 */
import { readFileSync } from "node:fs";

/** The release that the change was made for. */
const VERSION = "2.13.0";

const before = "function allNames(file) {\n";
const after = `const namesByFile = new WeakMap();
function allNames(file) {
    let names = namesByFile.get(file);
    if (names === undefined) {
        names = computeAllNames(file);
        namesByFile.set(file, names);
    }
    return names;
}
function computeAllNames(file) {
`;

/** The changed source of names.js. @param {string} source @param {string} version That of protoplugin. */
export function patchNames(source, version) {
  if (version !== VERSION || source.split(before).length !== 2) {
    throw new Error(`@bufbuild/protoplugin ${version} is not what the patch was made for: see patches/README.md`);
  }
  return source.replace(before, after);
}

/** Bundles the changed module. @type {import("esbuild").Plugin} */
export const patchProtoplugin = {
  name: "patch protoplugin",
  setup({ onLoad, onEnd }) {
    let isPatched = false;
    onLoad({ filter: /[\\/]protoplugin[\\/]dist[\\/](esm|cjs)[\\/]names\.js$/ }, ({ path }) => {
      isPatched = true;
      const { version } = JSON.parse(readFileSync(new URL("../../package.json", `file://${path}`), "utf8"));
      return { contents: patchNames(readFileSync(path, "utf8"), version) };
    });
    onEnd(() => {
      if (!isPatched) {
        throw new Error("@bufbuild/protoplugin has no names.js: see patches/README.md");
      }
    });
  },
};
