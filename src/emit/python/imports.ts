import type { DescEnum, DescFile, DescMessage } from "@bufbuild/protobuf";
import type { Service } from "../../model/model.js";
import { type MessageNames, snakeCase } from "./names.js";
import { WIDTH } from "./python-literal.js";

/** The module of a file, while it is printed. */
export interface Module {
  readonly services: readonly Service[];
  readonly messages: MessageNames;
  readonly imports: Imports;
  /** A name of the runtime. */
  runtime(name: string): string;
}

/** The sections of imports, in their order. */
const SECTIONS = [
  /^(?:collections|typing)(?:\.|$)/, // the standard library
  /^(?:google\.protobuf|protobuf|typing_extensions)(?:\.|$)/, // packages
  /^(?!\.)/, // what is generated
  /^\./, // what is generated, beside the importing module
];

/** Collects what a module imports, and prints it as `ruff check --select I` sorts it. */
export class Imports {
  readonly #statements = new Map<string, Set<string>>();
  readonly #messages: MessageNames;
  /** The folder of the module, as the parts of its path. */
  readonly #folder: readonly string[];
  /** The files that the module uses messages of, by the last name of their modules. */
  readonly #files = new Map<string, Set<DescFile>>();
  readonly #declared: ReadonlySet<string>;

  /** `types` are all that the module uses; `declared` are the names that it declares. */
  constructor(
    messages: MessageNames,
    folder: readonly string[],
    types: readonly (DescMessage | DescEnum)[],
    declared: Iterable<string>,
  ) {
    this.#messages = messages;
    this.#folder = folder;
    this.#declared = new Set(declared);
    for (const { file } of types) {
      const name = messages.module(file).at(-1) ?? "";
      this.#files.set(name, (this.#files.get(name) ?? new Set()).add(file));
    }
  }

  /** A name of a module; the module may have another of that name. */
  name(module: string, name: string): string {
    const alias = this.#declared.has(name) ? `_${name}` : name;
    this.#add(module, alias === name ? name : `${name} as ${alias}`);
    return alias;
  }

  /** A message or an enum: `trade_pb2.Trade`. */
  type(desc: DescMessage | DescEnum): string {
    const { suffix } = this.#messages;
    const path = this.#messages.module(desc.file);
    const name = `${path.at(-1)}${suffix}`;
    const isUnique = this.#files.get(path.at(-1) ?? "")?.size === 1;
    const alias = isUnique ? name : `${path.map(snakeCase).join("_")}${suffix}`;
    const library = this.#messages.libraryOf(desc.file);
    this.#add(library ?? this.generated(path.slice(0, -1)), alias === name ? name : `${name} as ${alias}`);
    return `${alias}.${this.#messages.typeName(desc)}`;
  }

  /** The module of the output at this path, as the importing module names it. */
  generated(path: readonly string[]): string {
    if (!this.#messages.isRelative) {
      return path.join(".");
    }
    let shared = 0;
    while (shared < path.length && shared < this.#folder.length && path[shared] === this.#folder[shared]) {
      shared++;
    }
    return ".".repeat(this.#folder.length - shared + 1) + path.slice(shared).join(".");
  }

  #add(module: string, name: string): void {
    this.#statements.set(module, (this.#statements.get(module) ?? new Set()).add(name));
  }

  toString(): string {
    const modules = [...this.#statements].sort(([a], [b]) => compare(sortKey(a), sortKey(b)));
    return SECTIONS.map((section) => {
      const inSection = modules.filter(([module]) => SECTIONS.find((other) => other.test(module)) === section);
      return inSection.flatMap(([module, names]) => statements(module, [...names])).join("\n");
    })
      .filter((text) => text !== "")
      .join("\n\n");
  }
}

/** `from x import a, b`, and `from x import c as d` by itself, in the order of their first names. */
function statements(module: string, names: readonly string[]): string[] {
  const sorted = [...names].sort((a, b) => compare(a.toLowerCase(), b.toLowerCase()));
  if (module === "") {
    return sorted.map((name) => `import ${name}`);
  }
  const plain = sorted.filter((name) => !name.includes(" as "));
  const groups = sorted.flatMap((name) => (name === plain[0] ? [plain] : plain.includes(name) ? [] : [[name]]));
  return groups.map((group) => {
    const line = `from ${module} import ${group.join(", ")}`;
    const lines = [`from ${module} import (`, ...group.map((name) => `    ${name},`), ")"];
    return line.length <= WIDTH ? line : lines.join("\n");
  });
}

/** Modules further away come first. */
function sortKey(module: string): string {
  const dots = /^\.*/.exec(module)?.[0].length ?? 0;
  return `${String.fromCharCode(0x7f - dots)}${module.slice(dots).toLowerCase()}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
