// @ts-check
/**
 * Joins the modules of templates/typescript to the files that the plugin emits: a file for each entry, and `shared.ts`
 * for what the client and the server of one output have in common. ts-morph is slow to load, so the files are made at
 * build time, and the plugin only reads them.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { Node, Project, ts } from "ts-morph";

/** @typedef {import("ts-morph").SourceFile} SourceFile */

/**
 * A file that modules were joined to.
 * @typedef {object} JoinedFile
 * @property {string} name `client.ts`
 * @property {string} text
 * @property {string[]} modules The paths of its modules, from the folder of the entries.
 * @property {string[]} internals The values that it declares and does not export.
 */

/** The entries that one run of the plugin emits together. */
const COMBINATIONS = [["client"], ["client-json"], ["server"], ["client", "server"], ["client-json", "server"]];

/** Entries that import from `server.js`: the plugin emits those that the option `event_log` names. */
const EVENT_LOGS = ["redis-event-log", "nats-event-log"];

const LINE_WIDTH = 120;
const templates = fileURLToPath(new URL("../templates/typescript", import.meta.url));
const output = fileURLToPath(new URL("../dist/joined", import.meta.url));

/** Writes the files of each combination to a folder of `dist/joined`: `client+server`. A server has all event logs beside it. */
export function writeRuntime() {
  const joinEntries = createJoiner(templates);
  const eventLogs = EVENT_LOGS.flatMap((entry) => joinEntries([entry], "server"));
  const joined = COMBINATIONS.map((entries) => ({
    folder: join(output, entries.join("+")),
    files: [...joinEntries(entries), ...(entries.includes("server") ? eventLogs : [])],
  }));
  rmSync(output, { recursive: true, force: true });
  for (const { folder, files } of joined) {
    mkdirSync(folder, { recursive: true });
    for (const { name, text } of files) {
      writeFileSync(join(folder, name), text);
    }
  }
  // One module, of the package alone. It needs the server's types, which the package has beside it.
  const suite = readFileSync(join(templates, "testing/event-log-suite.ts"), "utf8");
  mkdirSync(join(output, "suite"));
  writeFileSync(join(output, "suite/testing.ts"), suite.replace('"../server.js"', '"./server.js"'));
}

/**
 * Reads the modules of a folder, and returns what joins those that some of its entries need: `["client", "server"]` to
 * `client.ts`, `server.ts` and, where both need the same modules, `shared.ts`. Modules stand in the order in which they
 * are evaluated. Only what an entry exports, and what a file imports from `shared.ts`, is exported. Imports from one more
 * entry, the `base`, stay imports.
 *
 * Throws where the joined file would not mean what its modules do: two of them declare the same name, a name hides a
 * global that another uses, an import renames.
 *
 * @param {string} folder
 * @returns {(entries: readonly string[], base?: string) => JoinedFile[]}
 */
export function createJoiner(folder) {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], types: [] };
  const project = new Project({ compilerOptions });
  project.addSourceFilesAtPaths([`${folder}/**/*.ts`, `!${folder}/**/*.test.ts`]);
  const globals = globalSymbols(project);
  /** @param {SourceFile} module */
  const pathOf = (module) => posix.relative(folder, module.getFilePath());
  /** @param {string} name */
  const entryOf = (name) => project.getSourceFileOrThrow(posix.join(folder, `${name}.ts`));
  return (names, baseName) => {
    const entries = names.map(entryOf);
    const base = baseName === undefined ? undefined : entryOf(baseName);
    const files = divide(entries, base, pathOf);
    /** @param {SourceFile} module */
    const fileOf = (module) => [...files].find(([, modules]) => modules.includes(module))?.[0];
    /** What `shared.ts` exports: filled by the others, which come first. @type {Set<string>} */
    const needed = new Set();
    return [...files].map(([name, modules]) => {
      const entry = entries.find((module) => pathOf(module) === name);
      const declared = declarations(modules, pathOf);
      const imports = new Imports();
      const exports = new Imports();
      for (const module of modules) {
        for (const { from, target, name: imported, isType } of importedNames(module, base, pathOf)) {
          if (target === undefined) {
            imports.add(from, imported, isType);
          } else if (fileOf(target) !== name) {
            imports.add("./shared.js", imported, isType);
            needed.add(imported);
          }
        }
      }
      const exported = new Set(entry === undefined ? needed : []);
      for (const [exportedName, nodes] of entry?.getExportedDeclarations() ?? []) {
        const [declaredName = exportedName] = nodes.flatMap((node) => (Node.hasName(node) ? [node.getName()] : []));
        const specifier = exportedName === declaredName ? exportedName : `${declaredName} as ${exportedName}`;
        if (!declared.has(declaredName)) {
          exports.add("./shared.js", specifier, nodes.every(isTypeOnly));
          needed.add(declaredName);
        } else if (specifier === exportedName) {
          exported.add(exportedName); // where it is declared
        } else {
          exports.add("", specifier, nodes.every(isTypeOnly));
        }
      }
      for (const hidden of [...declared.keys(), ...imports.names()]) {
        const user = modules.find((module) => means(module, globals.get(hidden)));
        if (user) {
          throw new Error(`${name}: "${hidden}" hides the global that ${pathOf(user)} uses: rename it`);
        }
      }
      const clash = imports.names().find((n) => declared.has(n));
      if (clash !== undefined) {
        throw new Error(
          `${name}: "${clash}" is imported, and ${pathOf(/** @type {SourceFile} */ (declared.get(clash)))} declares it too: rename it`,
        );
      }
      const bodies = modules
        .filter((module) => module !== entry && !handsOn(module))
        .map((module) => body(module, exported, pathOf));
      const head = [entry && body(entry, exported, pathOf), imports.print("import")];
      return {
        name,
        text: `${[...head, ...bodies, exports.print("export")].filter((part) => part).join("\n\n")}\n`,
        modules: modules.map(pathOf),
        internals: internalValues(modules, exported),
      };
    });
  };
}

/**
 * The modules of each file: those that one entry reaches are its own. `shared.ts` is the last.
 * @param {SourceFile[]} entries
 * @param {SourceFile | undefined} base
 * @param {(module: SourceFile) => string} pathOf
 * @returns {Map<string, SourceFile[]>}
 */
function divide(entries, base, pathOf) {
  const reached = entries.map((entry) => evaluationOrder(entry, base));
  const isShared = (/** @type {SourceFile} */ module) => reached.filter((order) => order.includes(module)).length > 1;
  const files = new Map(entries.map((entry, i) => [pathOf(entry), (reached[i] ?? []).filter((m) => !isShared(m))]));
  const shared = [...new Set(reached.flat())].filter(isShared);
  return shared.length === 0 ? files : files.set("shared.ts", shared);
}

/**
 * All modules that an entry needs, in the order in which they are evaluated: a module comes after those whose values it
 * imports, circles are cut as ECMAScript cuts them. Modules that are needed for types alone stand before their first use.
 * @param {SourceFile} entry
 * @param {SourceFile | undefined} base
 */
function evaluationOrder(entry, base) {
  const evaluated = reach(entry, (link, target) => target !== base && !isTypeLink(link));
  /** @type {Set<SourceFile | undefined>} */
  const entered = new Set([base]);
  /** @type {SourceFile[]} */
  const order = [];
  /** @param {SourceFile} module */
  const place = (module) => {
    if (entered.has(module)) {
      return;
    }
    entered.add(module);
    const links = linksOf(module);
    for (const { link, target } of links) {
      if (!isTypeLink(link)) {
        place(target);
      }
    }
    for (const { target } of links) {
      if (!evaluated.has(target)) {
        place(target);
      }
    }
    order.push(module);
  };
  place(entry);
  return order;
}

/**
 * @param {SourceFile} module
 * @param {(link: Link, target: SourceFile) => boolean} follow
 * @param {Set<SourceFile>} [seen]
 */
function reach(module, follow, seen = new Set()) {
  if (seen.has(module)) {
    return seen;
  }
  seen.add(module);
  for (const { link, target } of linksOf(module)) {
    if (follow(link, target)) {
      reach(target, follow, seen);
    }
  }
  return seen;
}

/** @typedef {import("ts-morph").ImportDeclaration | import("ts-morph").ExportDeclaration} Link */

/** The imports and re-exports of other modules. @param {SourceFile} module */
function linksOf(module) {
  return [...module.getImportDeclarations(), ...module.getExportDeclarations()].flatMap((link) => {
    const target = link.getModuleSpecifierValue()?.startsWith(".")
      ? link.getModuleSpecifierSourceFileOrThrow()
      : undefined;
    return target === undefined ? [] : [{ link, target }];
  });
}

/** @param {Link} link */
function isTypeLink(link) {
  const names = Node.isImportDeclaration(link) ? link.getNamedImports() : link.getNamedExports();
  return link.isTypeOnly() || (names.length > 0 && names.every((name) => name.isTypeOnly()));
}

/**
 * What a module imports: from a package, or from the module that declares it.
 * @param {SourceFile} module
 * @param {SourceFile | undefined} base
 * @param {(module: SourceFile) => string} pathOf
 */
function importedNames(module, base, pathOf) {
  return module.getImportDeclarations().flatMap((link) => {
    const isOfBase = base !== undefined && link.getModuleSpecifierSourceFile() === base;
    const from = isOfBase ? `./${base.getBaseNameWithoutExtension()}.js` : link.getModuleSpecifierValue();
    if (link.getNamespaceImport() || link.getDefaultImport()) {
      throw new Error(`${pathOf(module)}: imports ${from} as a whole: import names`);
    }
    return link.getNamedImports().map((specifier) => {
      const name = specifier.getName();
      if (specifier.getAliasNode()) {
        throw new Error(`${pathOf(module)}: renames the import "${name}": rename the declaration`);
      }
      const [declaration] =
        from.startsWith(".") && !isOfBase
          ? (link.getModuleSpecifierSourceFileOrThrow().getExportedDeclarations().get(name) ?? [])
          : [];
      return { from, name, target: declaration?.getSourceFile(), isType: link.isTypeOnly() || specifier.isTypeOnly() };
    });
  });
}

/**
 * The names at the top level of a file, and the module that declares each.
 * @param {readonly SourceFile[]} modules
 * @param {(module: SourceFile) => string} pathOf
 */
function declarations(modules, pathOf) {
  /** @type {Map<string, SourceFile>} */
  const declared = new Map();
  for (const module of modules) {
    for (const name of module.getStatements().flatMap(namesOf)) {
      const other = declared.get(name) ?? module;
      if (other !== module) {
        throw new Error(`"${name}" is declared by ${pathOf(other)} and ${pathOf(module)}: rename one`);
      }
      declared.set(name, module);
    }
  }
  return declared;
}

/** Whether a module declares nothing. @param {SourceFile} module */
function handsOn(module) {
  return module
    .getStatements()
    .every((statement) => Node.isExportDeclaration(statement) || Node.isImportDeclaration(statement));
}

/** The names that a statement declares. @param {import("ts-morph").Statement} statement */
function namesOf(statement) {
  if (Node.isVariableStatement(statement)) {
    return statement.getDeclarations().map((declaration) => declaration.getName());
  }
  const name = Node.hasName(statement)
    ? statement.getName()
    : Node.isNameable(statement)
      ? statement.getName()
      : undefined;
  return name === undefined ? [] : [name];
}

/** @param {import("ts-morph").Node} declaration */
function isTypeOnly(declaration) {
  return Node.isInterfaceDeclaration(declaration) || Node.isTypeAliasDeclaration(declaration);
}

/**
 * @param {readonly SourceFile[]} modules
 * @param {ReadonlySet<string>} exported
 */
function internalValues(modules, exported) {
  const statements = modules.flatMap((module) => module.getStatements()).filter((statement) => !isTypeOnly(statement));
  return [...new Set(statements.flatMap(namesOf))].filter((name) => !exported.has(name));
}

/**
 * The text of a module without its links to others, and without the `export` of what is internal. Comments stay.
 * @param {SourceFile} module
 * @param {ReadonlySet<string>} exported
 * @param {(module: SourceFile) => string} pathOf
 */
function body(module, exported, pathOf) {
  const text = module.getFullText();
  let result = "";
  let from = 0;
  for (const statement of module.getStatements()) {
    const isLink = Node.isImportDeclaration(statement) || Node.isExportDeclaration(statement);
    if (
      (Node.isExportDeclaration(statement) && !statement.hasModuleSpecifier()) ||
      Node.isExportAssignment(statement)
    ) {
      throw new Error(`${pathOf(module)}: export "${statement.getText()}" where it is declared`);
    }
    const keyword = Node.isModifierable(statement)
      ? statement.getFirstModifierByKind(ts.SyntaxKind.ExportKeyword)
      : undefined;
    const isInternal = keyword !== undefined && !namesOf(statement).some((name) => exported.has(name));
    const [start, end] = isLink
      ? [statement.getStart(), statement.getEnd()]
      : isInternal
        ? [keyword.getStart(), keyword.getEnd() + 1]
        : [from, from];
    result += text.slice(from, start);
    from = end;
  }
  return (result + text.slice(from)).replace(/\n{3,}/g, "\n\n").trim();
}

/** Names by the module that they come from, printed as imports or as exports of it. */
class Imports {
  /** @type {Map<string, Map<string, boolean>>} Whether a name is needed as a type alone. */
  #modules = new Map();

  /** @param {string} from @param {string} name @param {boolean} isType */
  add(from, name, isType) {
    const names = this.#modules.get(from) ?? new Map();
    this.#modules.set(from, names.set(name, isType && (names.get(name) ?? true)));
  }

  names() {
    return [...this.#modules.values()].flatMap((names) => [...names.keys()]);
  }

  /** Packages first. @param {"import" | "export"} keyword */
  print(keyword) {
    const isRelative = (/** @type {string} */ from) => from.startsWith(".");
    return [...this.#modules]
      .sort(([a], [b]) => Number(isRelative(a)) - Number(isRelative(b)) || (a < b ? -1 : 1))
      .map(([from, names]) => {
        const sorted = [...names].sort(([a], [b]) => compareNames(a, b));
        const allTypes = sorted.every(([, isType]) => isType);
        const items = sorted.map(([name, isType]) => (isType && !allTypes ? `type ${name}` : name));
        const start = `${keyword}${allTypes ? " type" : ""} {`;
        const end = from === "" ? "};" : `} from "${from}";`; // "" is the file itself
        const line = `${start} ${items.join(", ")} ${end}`;
        return line.length <= LINE_WIDTH ? line : `${start}\n${items.map((item) => `  ${item},\n`).join("")}${end}`;
      })
      .join("\n");
  }
}

/** @param {string} a @param {string} b */
function compareNames(a, b) {
  const [lowerA, lowerB] = [a.toLowerCase(), b.toLowerCase()];
  return lowerA < lowerB ? -1 : lowerA > lowerB ? 1 : a < b ? -1 : 1;
}

/** What is there without a declaration, by name. @param {Project} project */
function globalSymbols(project) {
  const empty = project.createSourceFile("empty.ts", "export {};");
  const all = ts.SymbolFlags.Value | ts.SymbolFlags.Type | ts.SymbolFlags.Namespace;
  return new Map(
    project
      .getTypeChecker()
      .getSymbolsInScope(empty, all)
      .map((symbol) => [symbol.getName(), symbol]),
  );
}

/**
 * Whether a module uses a global.
 * @param {SourceFile} module
 * @param {import("ts-morph").Symbol | undefined} global
 */
function means(module, global) {
  return (
    global !== undefined &&
    module
      .getDescendantsOfKind(ts.SyntaxKind.Identifier)
      .some((name) => name.getText() === global.getName() && name.getSymbol() === global)
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeRuntime();
}
