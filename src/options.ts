import { type BaseDocument, readBaseDocument } from "./base-document.js";
import {
  byLanguage,
  flag,
  type Language,
  list,
  Mistake,
  none,
  type Option,
  oneOf,
  oneOrMore,
  onlyFor,
  pattern,
  text,
  without,
} from "./option.js";
import { didYouMean } from "./problems.js";

/** The languages that code is generated in, with the values of the option `target`. */
const targets = { TypeScript: ["ts", "js", "dts"], Python: ["python"], Go: ["go"] } as const;

type Target = (typeof targets)[Language][number];

/** Options of `@bufbuild/protoplugin`, which it reads itself: here only to be named and checked. */
const protoplugin = onlyFor("TypeScript", {
  import_extension: oneOf(["none", "js", "ts", ".js", ".ts"], "none", "the extension of relative imports"),
  js_import_style: oneOf(["module", "legacy_commonjs"], "module", "how emitted JavaScript imports"),
  rewrite_imports: text("pattern:target", "none", "replaces the path of matching imports; can be repeated"),
  keep_empty_files: flag("emits files that have no content"),
  ts_nocheck: flag("prints `// @ts-nocheck` at the top of emitted files"),
  elide_plugin_version: flag("leaves the plugin's version out of the header of emitted files"),
});

/** Every option of the plugin: the type of `Options`, the parser, the errors and docs/options.md are made of this table. */
export const optionTable = {
  target: {
    values: "`ts` `js` `dts`, joined by `+`; or `python`; or `go`",
    default: ["ts"],
    defaultText: "`ts`",
    description: "the language of the code: `ts` is TypeScript, and `js+dts` is JavaScript with declarations",
    parse(text) {
      const names = text.split("+");
      const isAllOf = (values: readonly string[]) => names.every((name) => values.includes(name));
      const language: readonly Target[] | undefined = Object.values(targets).find(isAllOf);
      return language === undefined && isAllOf(Object.values(targets).flat())
        ? new Mistake(`got "${text}", takes one language: run the plugin once for each`)
        : language?.filter((target) => names.includes(target));
    },
  } satisfies Option<readonly Target[]>,
  emit: byLanguage("what to emit", {
    TypeScript: oneOrMore(["client", "server", "openapi"], ["client", "server", "openapi"]),
    Python: without("server", oneOrMore(["client", "openapi"], ["client"])),
    Go: oneOrMore(["client", "server", "openapi"], ["client", "server"]),
  }),
  messages: byLanguage(
    "the messages that the code uses. `es`: those of protoc-gen-es. `json`: its JSON types, so that the client has no dependency; set `json_types=true` on protoc-gen-es. `google`: those of protoc. `protobuf-py`: those of protoc-gen-py",
    {
      TypeScript: oneOf(["es", "json"], "es"),
      Python: oneOf(["google", "protobuf-py"], "google"),
      Go: none("Go uses the messages of protoc-gen-go: remove it"),
    },
  ),
  runtime: byLanguage(
    "import the runtime from this module instead of emitting it. TypeScript: `protoc-gen-sse`, or `./path` relative to the output root. Python: a package such as `acme.sse_runtime`. Go: an import path",
    {
      TypeScript: text("a module specifier", "emitted"),
      Python: pattern(/^[a-z_]\w*(?:\.[a-z_]\w*)*$/i, "the name of a package", "emitted"),
      Go: pattern(/^[\w.~-]+(?:\/[\w.~-]+)*$/, "an import path", "emitted"),
    },
  ),
  event_log: byLanguage(
    "emit event logs beside the runtime of the server. TypeScript: `redis-event-log.ts` for Redis Streams, `nats-event-log.ts` for NATS JetStream. Go: `redis` is the package `sse/redislog`, and `test` is `sse/eventlogtest`, the tests for a log of your own",
    {
      TypeScript: oneOrMore(["redis", "nats"], []),
      Python: none<readonly never[]>("there is no server for Python: remove it", []),
      Go: oneOrMore(["redis", "test"], []),
    },
  ),
  ...onlyFor("Go", {
    paths: oneOf(
      ["import", "source_relative"],
      "import",
      "where files are written, as in protoc-gen-go: in folders named after the import path, or beside their proto",
    ),
    module: text(
      "an import path",
      "none",
      "as in protoc-gen-go: the prefix that folders named after import paths are without",
    ),
    go_root: text(
      "an import path",
      "from `module`, or from the `go_package` of the files",
      "the import path of the output folder, in which the runtime is emitted as `sse/`",
    ),
    M: {
      values: "`M<file>=<import path>`",
      default: new Map(),
      defaultText: "none",
      description: "as in protoc-gen-go: replaces the `go_package` of a proto file; can be repeated",
      parse(text) {
        const [file = "", path = ""] = text.split("=");
        return path === "" ? undefined : new Map([[file, path]]);
      },
    } satisfies Option<ReadonlyMap<string, string>>,
  }),
  default_binding: flag(
    'bind methods without an annotation to `POST /<package>.<Service>/<Method>` with `body: "*"` instead of skipping them',
  ),
  strict: flag("treat warnings as errors"),
  ignore_errors: list(
    "packages, joined by `+`",
    "none",
    "if a file of these packages, or of packages below them, has errors, leave it out with a warning and generate the rest",
  ),
  openapi: oneOrMore(
    ["3.2", "3.1"],
    ["3.2"],
    "the OpenAPI versions to write; with both, the 3.1 document is named `X.openapi-3.1.yaml`",
  ),
  openapi_format: oneOrMore(["yaml", "json"], ["yaml"], "the file formats of the document"),
  openapi_output: oneOf(
    ["service", "file", "merged"],
    "service",
    "one document for each service, for each proto file, or for everything: `openapi.yaml`, which needs `strategy: all` in buf.gen.yaml",
  ),
  openapi_title: text("text without a comma", "the package", "`info.title` of the document"),
  openapi_version: text("text", "`0.0.0`", "`info.version` of the document"),
  openapi_servers: list("URLs, joined by `+`", "none", "`servers` of the document"),
  openapi_base: {
    values: "the path of a YAML or JSON file, relative to the folder where protoc or buf runs",
    default: undefined,
    defaultText: "none",
    description:
      "an OpenAPI document with values that the protos do not have: `info`, `security`, `servers`, `tags`, `components`; generated values win",
    parse(path) {
      const base = path === "" ? undefined : readBaseDocument(path);
      return typeof base === "string" ? new Mistake(base) : base;
    },
  } satisfies Option<BaseDocument | undefined>,
  openapi_proto_names: flag("name properties after the proto fields (`user_id`), for servers that write JSON that way"),
  openapi_enum: oneOf(
    ["string", "open", "integer"],
    "string",
    "enum values are names; names or unknown numbers; or numbers",
  ),
  openapi_oneof: oneOf(
    ["exclusive", "union"],
    "exclusive",
    "the members of a oneof are properties of which at most one is set, or a union of which exactly one is set",
  ),
  openapi_validate: flag(
    "write the rules of `buf.validate` as JSON Schema keywords, or into the description where no keyword exists",
    true,
  ),
  openapi_streams: oneOf(
    ["full", "plain"],
    "full",
    "how the 3.1 document describes streams; `plain` has only the schema of the data and no extensions, for tools without support for streams",
  ),
  openapi_names: oneOf(
    ["full", "short"],
    "full",
    "the component names: `acme.chat.v1.Chat.Message`, or `Chat_Message` if that name is unique",
  ),
  ...protoplugin,
};

/** The plugin's options, parsed. */
export type Options = {
  readonly [K in keyof typeof optionTable]: (typeof optionTable)[K] extends Option<infer T> ? T : never;
};

/** The language of the code that the options ask for. */
export function languageOf({ target }: Pick<Options, "target">): Language {
  const [first = "ts"] = target;
  return first === "python" ? "Python" : first === "go" ? "Go" : "TypeScript";
}

/** Reads the `parameter` of a CodeGeneratorRequest: `key=value` pairs, comma-separated. All mistakes at once. */
export function parseOptions(parameter: string): { options: Options; errors: string[] } {
  const pairs = parameter
    .split(",")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [, name = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(pair) ?? [];
      // protoc-gen-go's way to write a map.
      return /^M.+\.proto$/.test(name) ? { name: "M", value: pair.slice(1) } : { name, value };
    });
  const target = optionTable.target.parse(pairs.filter(({ name }) => name === "target").at(-1)?.value ?? "ts");
  const language = languageOf({ target: Array.isArray(target) ? target : [] });
  const table: Record<string, Option<unknown>> = optionTable;
  const options: Record<string, unknown> = Object.fromEntries(
    Object.entries(table).map(([name, option]) => [name, (option.of?.[language] ?? option).default]),
  );
  const errors: string[] = [];
  for (const { name, value } of pairs) {
    const entry = Object.hasOwn(table, name) ? table[name] : undefined;
    if (entry === undefined) {
      const names = Object.keys(table);
      errors.push(`unknown option "${name}"${didYouMean(name, names)}: the options are ${names.join(", ")}`);
      continue;
    }
    if (entry.only !== undefined && entry.only !== language) {
      errors.push(`option "${name}": only ${entry.only} has it, and the target is ${language}: remove it`);
      continue;
    }
    const option = entry.of?.[language] ?? entry;
    const parsed = option.parse(value ?? "");
    if (parsed instanceof Mistake) {
      errors.push(`option "${name}": ${parsed.reason}`);
    }
    if (parsed === undefined) {
      const got = value === undefined ? "no value" : `"${value}"`;
      const where = option === entry || language === "TypeScript" ? "" : ` for ${language}`;
      errors.push(`option "${name}": got ${got}, takes ${option.values.replaceAll("`", "")}${where}`);
    }
    options[name] = parsed instanceof Map ? new Map([...(options[name] as typeof parsed), ...parsed]) : parsed;
  }
  const read = options as unknown as Options; // made from the table that Options is made from
  if (errors.length === 0) {
    errors.push(...wrongVersions(read), ...uselessEventLogs(read));
  }
  return { options: read, errors };
}

/** If the base has a version, all documents must have that version. */
function wrongVersions({ openapi, openapi_base: base }: Options): readonly string[] {
  const got = base?.["openapi"];
  return openapi
    .filter((version) => typeof got === "string" && !got.startsWith(`${version}.`))
    .map(
      (version) => `option "openapi_base": is OpenAPI ${got}, and the document ${version}.0: write no version in it`,
    );
}

/** Event logs are emitted next to the runtime of a server. */
function uselessEventLogs({ target, emit, event_log, runtime }: Options): readonly string[] {
  if (event_log.length === 0) {
    return [];
  }
  if (languageOf({ target }) === "Go") {
    // The runtime for Go has both halves, and packages beside it.
    return runtime === undefined
      ? []
      : [`option "event_log": with "runtime" nothing is emitted: set it where "${runtime}" is generated`];
  }
  const names = event_log.map((name) => `"${runtime}/${name}-event-log"`).join(" and ");
  return [
    ...(emit.includes("server")
      ? []
      : [`option "event_log": "emit" has no "server": add it, or leave "event_log" out`]),
    ...(runtime === undefined ? [] : [`option "event_log": with "runtime" nothing is emitted: import from ${names}`]),
  ];
}
