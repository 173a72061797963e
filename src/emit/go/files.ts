import type { DescFile } from "@bufbuild/protobuf";
import type { Service } from "../../model/model.js";
import type { Options } from "../../options.js";
import type { Problems } from "../../problems.js";
import { packageName } from "./names.js";

/** A Go package: its import path, and the name in its package clause. */
export interface GoPackage {
  readonly path: string;
  readonly name: string;
}

/** Where files are, and what their packages are called. */
export interface GoFiles {
  /** The package of the messages of a file. */
  messages(file: DescFile): GoPackage;
  /** The package of the clients and servers of a file: one of its own, so that no name clashes with a message. */
  services(file: DescFile): GoPackage;
  /** The path of the output file. */
  output(file: DescFile): string;
  readonly runtime: GoPackage;
  /** The folder of the runtime in the output. */
  readonly runtimeFolder: string;
}

/** The packages of all files, as protoc-gen-go computes them. Undefined if there are problems. */
export function findPackages(services: readonly Service[], options: Options, problems: Problems): GoFiles | undefined {
  const packages = new Map<DescFile, GoPackage>();
  const add = (file: DescFile, by: DescFile): void => {
    const found = packages.get(file) ?? packageOf(file, options);
    if (found !== undefined) {
      packages.set(file, found);
      return;
    }
    const who = file === by ? "" : `, and ${by.name}.proto uses its messages`;
    problems.error(
      { desc: file },
      `no Go import path${who}: add \`option go_package = "${suggestPackage(file)}";\`, or the ` +
        `plugin option "M${file.name}.proto=<import path>"`,
    );
  };
  for (const { desc, methods } of services) {
    add(desc.file, desc.file);
    for (const { input, output } of methods.map((method) => method.desc)) {
      add(input.file, desc.file);
      add(output.file, desc.file);
    }
  }
  const files = [...new Set(services.map(({ desc }) => desc.file))];
  checkFolders(files, packages, options, problems);
  if (problems.hasErrors) {
    return undefined;
  }
  const root = findRoot(files, packages, options, problems);
  checkRuntime(root, packages, options, problems);
  const messages = (file: DescFile): GoPackage => packages.get(file) ?? { path: "", name: "" }; // all were added
  const ours = (file: DescFile): GoPackage => {
    const { path, name } = messages(file);
    return { path: `${path}/${name}sse`, name: `${name}sse` };
  };
  if (root === undefined) {
    return undefined;
  }
  return {
    messages,
    services: ours,
    output: (file) => `${folder(ours(file).path, `${dirOf(file)}/${ours(file).name}`, options)}${baseOf(file)}.sse.go`,
    runtime: { path: root, name: "sse" },
    runtimeFolder: folder(root, "sse", options),
  };
}

/** A `go_package` for a file. A path that ends with a version gets a name, as the name would be `v1`. */
function suggestPackage(file: DescFile): string {
  const path = `example.com/app/gen/${dirOf(file) || "acme"}`;
  return path.replace(/(\w+)\/(v\d\w*)$/, "$&;$1$2");
}

/** The folder of a package in the output, with a slash behind it. */
function folder(path: string, relative: string, { paths, module }: Options): string {
  if (paths === "source_relative") {
    return `${relative.replace(/^\//, "")}/`;
  }
  const inModule = module !== undefined && path.startsWith(`${module}/`) ? path.slice(module.length + 1) : path;
  return `${inModule}/`;
}

function dirOf({ name }: DescFile): string {
  return name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : "";
}

function baseOf({ name }: DescFile): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** The package of a file: of the option `M<file>`, or of `go_package`. Both may have the name behind a `;`. */
function packageOf(file: DescFile, { M }: Options): GoPackage | undefined {
  const text = M.get(`${file.name}.proto`) ?? file.proto.options?.goPackage ?? "";
  const [, path = "", name = ""] = /^([^;]*);?(.*)$/.exec(text) ?? [];
  if (path === "") {
    return undefined;
  }
  return { path, name: packageName(name || (path.split("/").at(-1) ?? "")) };
}

/** Go has one package in a folder, with one name. */
function checkFolders(
  files: readonly DescFile[],
  packages: ReadonlyMap<DescFile, GoPackage>,
  options: Options,
  problems: Problems,
): void {
  for (const [index, file] of files.entries()) {
    const own = packages.get(file);
    for (const other of files.slice(0, index)) {
      const theirs = packages.get(other);
      if (own === undefined || theirs === undefined) {
        continue;
      }
      const sameFolder = options.paths === "source_relative" && dirOf(file) === dirOf(other);
      if (own.path === theirs.path && own.name !== theirs.name) {
        problems.error(
          { desc: file },
          `its Go package "${own.path}" is named "${own.name}", and "${theirs.name}" in ${other.name}.proto: use one name`,
        );
      } else if (sameFolder && own.path !== theirs.path) {
        problems.error(
          { desc: file },
          `its Go package is "${own.path}", and ${other.name}.proto in the same folder has "${theirs.path}": use one`,
        );
      }
    }
  }
}

/** The folder of the runtime has no other package. */
function checkRuntime(
  root: string | undefined,
  packages: ReadonlyMap<DescFile, GoPackage>,
  { runtime, paths }: Options,
  problems: Problems,
): void {
  for (const [file, { path }] of packages) {
    if (runtime === undefined && (path === root || (paths === "source_relative" && dirOf(file) === "sse"))) {
      problems.error(
        { desc: file },
        `its Go package "${path}" is in the folder of the runtime: move it to another one, or set the option "runtime"`,
      );
    }
  }
}

/** The import path of the runtime. */
function findRoot(
  files: readonly DescFile[],
  packages: ReadonlyMap<DescFile, GoPackage>,
  { runtime, go_root, module }: Options,
  problems: Problems,
): string | undefined {
  if (runtime !== undefined) {
    return runtime;
  }
  const given = go_root ?? module;
  if (given !== undefined) {
    return `${given}/sse`;
  }
  const roots = files.map((file) => {
    const path = packages.get(file)?.path ?? "";
    const dir = dirOf(file);
    return dir === "" ? path : path.endsWith(`/${dir}`) ? path.slice(0, -dir.length - 1) : undefined;
  });
  const [root] = roots;
  if (root !== undefined && roots.every((other) => other === root)) {
    return `${root}/sse`;
  }
  const odd = files[roots.findIndex((other) => other === undefined || other !== root)] ?? files[0];
  if (odd !== undefined) {
    problems.error(
      { desc: odd },
      `the import path of the output folder does not follow from its Go package "${packages.get(odd)?.path}": set the ` +
        'plugin option "go_root=<import path of the output folder>"',
    );
  }
  return undefined;
}
