// @ts-check
/**
 * Changes modules of protobuf-es that the plugin is bundled with: patches/README.md says what and why.
 */
import { readFileSync } from "node:fs";

/** The release that the changes were made for. */
const VERSION = "2.13.0";

const namesByFile = `const namesByFile = new WeakMap();
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

const compareNames = `names.sort((a, b) => compareNames(a.name, b.name));`;
const compareNamesFunction = `function compareNames(a, b) {
    const [keyA, keyB] = [a, b].map((name) => name.toLowerCase().replace(/_/g, " "));
    return keyA < keyB ? -1 : keyA > keyB ? 1 : a > b ? -1 : 1;
}
function processImports(`;

const camelCase = `function protoCamelCase(snakeCase) {
    return snakeCase.includes("_") ? snakeCase.replace(/_+([^_]?)/g, (_, next) => next.toUpperCase()) : snakeCase;
`;

/** For each module, what is replaced by what. @type {Record<string, readonly (readonly [string, string])[]>} */
const PATCHES = {
  "protoplugin/names.js": [["function allNames(file) {\n", namesByFile]],
  "protoplugin/generated-file.js": [
    ["names.sort((a, b) => a.name.localeCompare(b.name));", compareNames],
    ["function processImports(", compareNamesFunction],
  ],
  "protobuf/reflect/names.js": [["function protoCamelCase(snakeCase) {\n", camelCase]],
  "protobuf/codegenv2/file.js": [["base64Decode(b64)", 'Buffer.from(b64, "base64")']],
};

/** The modules that are changed. */
export const patchedModules = Object.keys(PATCHES);

/** The changed source of a module. @param {string} module @param {string} source @param {string} version Of its package. */
export function patch(module, source, version) {
  return (PATCHES[module] ?? []).reduce((text, [before, after]) => {
    if (version !== VERSION || text.split(before).length !== 2) {
      throw new Error(`@bufbuild/${module} ${version} is not what the patch was made for: see patches/README.md`);
    }
    return text.replace(before, () => after);
  }, source);
}

/** Bundles the changed modules. @type {import("esbuild").Plugin} */
export const patchProtobufEs = {
  name: "patch protobuf-es",
  setup({ onLoad, onEnd }) {
    const left = new Set(patchedModules);
    onLoad({ filter: /[\\/]@bufbuild[\\/](protobuf|protoplugin)[\\/]dist[\\/]/ }, ({ path }) => {
      const [, name = "", file = ""] = /@bufbuild\/(\w+)\/dist\/\w+\/(.*)$/.exec(path.replaceAll("\\", "/")) ?? [];
      const module = `${name}/${file}`;
      if (!left.delete(module)) {
        return undefined;
      }
      const { version } = JSON.parse(readFileSync(path.replace(/dist[\\/].*$/, "package.json"), "utf8"));
      return { contents: patch(module, readFileSync(path, "utf8"), version) };
    });
    onEnd(() => {
      if (left.size > 0) {
        throw new Error(`@bufbuild/${[...left].join(", @bufbuild/")} is not bundled: see patches/README.md`);
      }
    });
  },
};
