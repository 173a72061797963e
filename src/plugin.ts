import { create, type DescFile } from "@bufbuild/protobuf";
import {
  type CodeGeneratorResponse,
  CodeGeneratorResponse_FileSchema,
  CodeGeneratorResponseSchema,
} from "@bufbuild/protobuf/wkt";
import { createEcmaScriptPlugin, type Plugin } from "@bufbuild/protoplugin";
import { createReader } from "./annotations/read.js";
import { securitySchemesOf } from "./base-document.js";
import { emitAll } from "./emit/emit.js";
import { buildApi } from "./model/build.js";
import { languageOf, type Options, parseOptions } from "./options.js";
import { Problems } from "./problems.js";
import { findCompiler, type Transpile, transpileWith } from "./transpile.js";
import { version } from "./version.js";

/** An error that protoc shows to the user, as opposed to a bug of this plugin. */
class ReportedError extends Error {}

/** The plugin: a CodeGeneratorRequest in, a CodeGeneratorResponse out. Warnings go to `warn`, a line each. */
export function createPlugin(warn: (line: string) => void): Plugin {
  return { name: "protoc-gen-sse", version, run: (request) => respond(() => generate(request, warn)) };
}

function generate(request: Parameters<Plugin["run"]>[0], warn: (line: string) => void): CodeGeneratorResponse {
  const { options, errors } = parseOptions(request.parameter);
  if (errors.length > 0) {
    throw new ReportedError(errors.join("\n"));
  }
  const documents: CodeGeneratorResponse["file"] = [];
  const response = createEcmaScriptPlugin({
    name: "protoc-gen-sse",
    version,
    parseOptions: () => ({}), // ours are parsed; this makes protoplugin accept them
    transpile: transpiler(options),
    generateTs: (schema) => {
      const addFile = (name: string, content: string) => {
        documents.push(create(CodeGeneratorResponse_FileSchema, { name, content }));
      };
      const { api, problems } = build(schema.files, options, warn);
      if (!problems.hasErrors) {
        emitAll({ api, options, problems, schema, addFile }); // takes a model without errors
      }
      const errors = problems.errors(options);
      if (errors.length > 0) {
        throw new ReportedError(errors.join("\n"));
      }
      problems.warnings().forEach(warn);
    },
  }).run(languageOf(options) === "TypeScript" ? request : { ...request, parameter: "" }); // knows no other language
  response.file.push(...documents);
  return response;
}

/** The model of the files, without those that the option `ignore_errors` leaves out. */
function build(files: readonly DescFile[], options: Options, warn: (line: string) => void) {
  const problems = new Problems();
  const reader = createReader({ defaultBinding: options.default_binding });
  const api = buildApi(files, reader, problems, securitySchemesOf(options.openapi_base));
  const errorsOf = (file: DescFile) => problems.errors({ ...options, file });
  const leftOut = files.filter((file) => isIgnored(file, options) && errorsOf(file).length > 0);
  if (leftOut.length === 0) {
    return { api, problems };
  }
  for (const file of leftOut) {
    errorsOf(file).forEach(warn);
    warn(`${file.name}.proto: left out because of ignore_errors: nothing is generated for its services`);
  }
  // What is left can have other errors: two routes clash that both clashed with a third.
  const rest = files.filter((file) => !leftOut.includes(file));
  return build(rest, options, warn);
}

function isIgnored({ proto }: DescFile, options: Options): boolean {
  return options.ignore_errors.some((name) => `${proto.package}.`.startsWith(`${name}.`));
}

/**
 * What compiles for the targets `js` and `dts`. Without a target, protoplugin makes TypeScript and has it compiled to
 * JavaScript. Our default is to leave it as it is: adding `target=ts` to the parameter would show in the headers, which
 * print what the user wrote.
 */
function transpiler({ target }: Options): Transpile {
  const compiled = target.filter((name) => name === "js" || name === "dts");
  if (compiled.length === 0) {
    return (files) => files;
  }
  const tsc = findCompiler();
  if (tsc !== undefined) {
    return transpileWith(tsc);
  }
  throw new ReportedError(
    `option "target": ${compiled.join(" and ")} needs TypeScript, which is not installed: npm install --save-dev typescript`,
  );
}

function respond(run: () => CodeGeneratorResponse): CodeGeneratorResponse {
  try {
    return run();
  } catch (error) {
    if (error instanceof ReportedError) {
      return create(CodeGeneratorResponseSchema, { error: error.message });
    }
    throw error;
  }
}
