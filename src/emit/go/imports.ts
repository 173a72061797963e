import type { DescMessage } from "@bufbuild/protobuf";
import type { GoFiles, GoPackage } from "./files.js";
import { messageName } from "./names.js";

/** What generated code names itself, and the predeclared identifiers that it uses: no package gets one of these names. */
const TAKEN: ReadonlySet<string> = new Set(
  "baseURL c ctx h opts req stream svc any bool error float64 int64 map nil string".split(" "),
);

/** Collects the packages that a file imports, and prints them as gofmt sorts them. */
export class Imports {
  readonly #files: GoFiles;
  /** The names of the packages, by import path. */
  readonly #names = new Map<string, { readonly name: string; readonly isAlias: boolean }>();

  constructor(files: GoFiles) {
    this.#files = files;
    // The names of standard packages are not given to others.
    this.#add({ path: "context", name: "context" });
    this.#add(files.runtime);
  }

  /** The Go type of a message: `*marketv1.Trade`. */
  type(desc: DescMessage): string {
    return `*${this.#add(this.#files.messages(desc.file))}.${messageName(desc)}`;
  }

  /** The name by which a file uses a package. */
  #add({ path, name }: GoPackage): string {
    const known = this.#names.get(path);
    if (known !== undefined) {
      return known.name;
    }
    const imported = new Set([...this.#names.values()].map((other) => other.name));
    let unique = name;
    for (let count = 2; TAKEN.has(unique) || imported.has(unique); count++) {
      unique = `${name}${count}`;
    }
    this.#names.set(path, { name: unique, isAlias: unique !== path.split("/").at(-1) });
    return unique;
  }

  toString(): string {
    const lines = (isStandard: boolean) =>
      [...this.#names]
        .filter(([path]) => !path.split("/")[0]?.includes(".") === isStandard && path !== "")
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([path, { name, isAlias }]) => `    ${isAlias ? `${name} ` : ""}"${path}"\n`)
        .join("");
    return `import (\n${[lines(true), lines(false)].filter((text) => text !== "").join("\n")})`;
  }
}
