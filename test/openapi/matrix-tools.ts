/**
 * The tools of the matrix in docs/openapi.md. A folder of `clients` holds the programs of each: `unary` makes a call;
 * `stream` reads a stream through the generated operation, or else `by-hand` reads it through another HTTP client and
 * the generated types.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const clients: string = join(import.meta.dirname, "clients");

/** How the code of a language is compiled and run. Commands of bash; `$TOOLS` is where `install` put the tools. */
export interface Language {
  readonly name: string;
  /** The command that a machine must have. */
  readonly command: string;
  /** The end of a program's name. */
  readonly extension: string;
  /** The files of `clients` that pin the versions. */
  readonly manifests: readonly string[];
  /** Runs once for each state of the manifests, in `$TOOLS`, which holds them. */
  readonly install: string;
  /** Files of `clients` that the folder of a measurement needs. */
  readonly shared: readonly string[];
  /** Compiles what was generated into `api`, alone. */
  readonly compile: string;
  /** Compiles and runs a program; the last line that it prints is the JSON of what it read from the server at `$URL`. */
  readonly run: (program: string) => string;
}

export interface Tool {
  readonly name: string;
  readonly language: Language;
  readonly version: string;
  /** Too slow for CI: `make matrix` measures it. */
  readonly isSlow?: true;
  /** Makes `api` of `openapi.json`. */
  readonly generate: string;
  /** The language whose tools `generate` needs, where it is another. */
  readonly generator?: Language;
}

const npm = (name: string) => pinned("package.json", `"${name}": "([^"]+)"`);
const pip = (name: string) => pinned("requirements.txt", `^${name}==(\\S+)`);
const gomod = (name: string) => pinned("go/go.mod", `^\\s*${name} v(\\S+)`);
const maven = (name: string) => pinned("java/pom.xml", `<${name}.version>([^<]+)<`);
const cargo = (name: string) => pinned("rust/Cargo.toml", `^${name} = "([^"]+)"`);

const collect = `
const read = await import(process.argv[1]).then((program) => program.read(process.argv[2]));
const items = [];
if (Symbol.asyncIterator in read) for await (const item of read) if (items.push(item) === 3) break;
console.log(JSON.stringify(Symbol.asyncIterator in read ? items : read));
process.exit();
`.replaceAll("\n", " ");

const tsc =
  "tsc --noEmit --strict --target ES2022 --module ESNext --moduleResolution bundler --lib ES2022,DOM,DOM.Iterable --skipLibCheck --allowImportingTsExtensions --ignoreConfig";

const typescript: Language = {
  name: "TypeScript",
  command: "npm",
  extension: "ts",
  manifests: ["package.json", "package-lock.json"],
  install: "npm ci --no-audit --no-fund",
  shared: ["lines.ts"],
  compile: `${tsc} $(find api -name '*.ts')`,
  run: (program) =>
    `${tsc} ${program}.ts && esbuild ${program}.ts --bundle --platform=node --format=esm --outfile=${program}.mjs --log-level=error && node --input-type=module -e '${collect}' "$PWD/${program}.mjs" "$URL"`,
};

const python: Language = {
  name: "Python",
  command: "python3",
  extension: "py",
  manifests: ["requirements.txt"],
  install: "python3 -m venv . && bin/pip install --quiet --disable-pip-version-check -r requirements.txt",
  shared: [],
  compile: `python -c "
import api, importlib, pkgutil
for module in pkgutil.walk_packages(api.__path__, 'api.'): importlib.import_module(module.name)"`,
  run: (program) => `python ${program}.py "$URL"`,
};

const go: Language = {
  name: "Go",
  command: "go",
  extension: "go",
  manifests: ["go/go.mod", "go/go.sum"],
  install: "GOBIN=$PWD/bin go install tool",
  shared: ["go/go.mod", "go/go.sum"],
  compile: "go build ./api",
  run: (program) => `go run ${program}.go "$URL"`,
};

const java: Language = {
  name: "Java",
  command: "mvn",
  extension: "java",
  manifests: ["java/pom.xml"],
  install: [
    "mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=lib",
    `mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -Dartifact=org.openapitools:openapi-generator-cli:${maven("openapi-generator")} -Dmdep.stripVersion -DoutputDirectory=.`,
  ].join(" && "),
  shared: [],
  compile: "javac -nowarn -d classes -cp \"$TOOLS/lib/*\" $(find api/src/main -name '*.java')",
  run: (program) => `java -cp "classes:$TOOLS/lib/*" ${program}.java "$URL"`,
};

const rust: Language = {
  name: "Rust",
  command: "cargo",
  extension: "rs",
  manifests: ["rust/Cargo.toml", "rust/Cargo.lock"],
  install: `cargo install --quiet --locked --debug --root . --target-dir target ${["oas3-gen", "cargo-progenitor"].map((name) => `${name}@${cargo(name)}`).join(" ")}`,
  shared: ["rust/Cargo.toml", "rust/Cargo.lock"],
  compile: 'cargo build --quiet --locked --lib --target-dir "$TOOLS/target"',
  run: (program) =>
    `mkdir -p examples && cp ${program}.rs examples && cargo run --quiet --locked --target-dir "$TOOLS/target" --example ${program} -- "$URL"`,
};

export const tools: readonly Tool[] = [
  {
    name: "hey-api",
    language: typescript,
    version: npm("@hey-api/openapi-ts"),
    generate: "openapi-ts --input ./openapi.json --output api --no-log-file",
  },
  {
    name: "openapi-typescript",
    language: typescript,
    version: npm("openapi-typescript"),
    generate: "openapi-typescript openapi.json --output api/api.ts",
  },
  { name: "kubb", language: typescript, version: npm("@kubb/core"), generate: "kubb generate" },
  {
    name: "orval",
    language: typescript,
    version: npm("orval"),
    generate: "orval --config orval.config.ts && test -e api/api.ts", // it ends with 0 when it fails
  },
  {
    name: "swagger-typescript-api",
    language: typescript,
    version: npm("swagger-typescript-api"),
    generate: "swagger-typescript-api generate --path openapi.json --output api --name api.ts",
  },
  {
    name: "typed-openapi",
    language: typescript,
    version: npm("typed-openapi"),
    generate: "typed-openapi openapi.json --output api/api.ts",
  },
  {
    name: "openapi-python-client",
    language: python,
    version: pip("openapi-python-client"),
    generate: "openapi-python-client generate --path openapi.json --meta none --output-path api",
  },
  {
    name: "datamodel-code-generator",
    language: python,
    version: pip("datamodel-code-generator"),
    generate:
      "datamodel-codegen --input openapi.json --input-file-type openapi --output api --output-model-type pydantic_v2.BaseModel",
  },
  {
    name: "oapi-codegen",
    language: go,
    isSlow: true,
    version: gomod("github.com/oapi-codegen/oapi-codegen/v2"),
    generate: "mkdir api && oapi-codegen -generate types,client -package api -o api/api.go openapi.json",
  },
  {
    name: "ogen",
    language: go,
    isSlow: true,
    version: gomod("github.com/ogen-go/ogen"),
    generate: "ogen --target api --package api openapi.json",
  },
  {
    name: "openapi-generator java",
    language: java,
    isSlow: true,
    version: maven("openapi-generator"),
    generate: 'java -jar "$TOOLS/openapi-generator-cli.jar" generate -i openapi.json -g java --library native -o api',
  },
  {
    name: "openapi-generator rust",
    language: rust,
    generator: java,
    isSlow: true,
    version: maven("openapi-generator"),
    generate:
      'java -jar "$TOOLS/openapi-generator-cli.jar" generate -i openapi.json -g rust -o api && mv api/src/* api',
  },
  {
    name: "oas3-gen",
    language: rust,
    isSlow: true,
    version: cargo("oas3-gen"),
    generate: "oas3-gen generate client-mod -i openapi.json -o api && mv api/mod.rs api/lib.rs",
  },
  {
    name: "progenitor",
    language: rust,
    isSlow: true,
    version: cargo("cargo-progenitor"),
    generate: "cargo progenitor --input openapi.json --output api --name api --version 0.0.0 && mv api/src/* api",
  },
];

/** The version that a manifest pins. */
function pinned(manifest: string, pattern: string): string {
  const [, version] = new RegExp(pattern, "m").exec(readFileSync(join(clients, manifest), "utf8")) ?? [];
  if (version === undefined) {
    throw new Error(`${manifest} pins no ${pattern}`);
  }
  return version;
}
