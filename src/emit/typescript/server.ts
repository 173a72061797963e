import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import { methodTable } from "../../model/method-table.js";
import type { Method, Service } from "../../model/model.js";
import { code, join } from "../../print/code.js";
import { generateFile } from "../../print/layout.js";
import { literal, property } from "../../print/literal.js";
import { type Emission, servicesByFile } from "../output.js";
import { runtimeImport } from "../runtime.js";
import { methodDocs, serviceDocs } from "./docs.js";
import { globalName, unusedName } from "./files.js";
import { createImports, type Imports } from "./imports.js";

/** Emits `<file>_server.ts`: for each service the interface of its handlers, and a function that mounts them. */
export function emitServer({ api, schema, options }: Emission): void {
  for (const [file, services] of servicesByFile(api)) {
    const f = generateFile(schema, `${file.name}_server.ts`);
    f.preamble(file);
    const names = {
      imports: createImports(f),
      runtime: runtimeImport(f, options, "server"),
      context: unusedName("C", services),
      handlers: unusedName("handlers", services),
      partial: globalName("Partial", services),
    };
    f.print(join(services.flatMap((s) => [handlersInterface(f, s, names), createFunction(f, s, names)])));
  }
}

interface Names {
  readonly imports: Imports;
  readonly runtime: ReturnType<typeof runtimeImport>;
  /** The type parameter for the value that the caller of `server.fetch` passes. */
  readonly context: string;
  readonly handlers: string;
  readonly partial: string;
}

function handlersInterface(f: GeneratedFile, service: Service, names: Names): Printable {
  return code`
    ${serviceDocs(service, `The handlers of ${service.desc.typeName}.`)}
    ${f.export("interface", `${service.desc.name}Handlers`)}<${names.context} = unknown> {
      ${join(service.methods.map((method) => handler(f, method, names)))}
    }
  `;
}

function handler(f: GeneratedFile, method: Method, { runtime, context, imports }: Names): Printable {
  const { localName, input, output } = method.desc;
  const isStream = method.answer.kind === "stream";
  const init = f.import("MessageInitShape", "@bufbuild/protobuf", true);
  const answer = isStream
    ? [runtime.type("StreamSource"), "<", imports.shape(output), ">"]
    : [init, "<typeof ", imports.schema(output), ">"];
  return code`
    ${methodDocs(method)}
    ${localName}(
      request: ${imports.shape(input)},
      context: ${runtime.type(isStream ? "StreamContext" : "UnaryContext")}<${context}>,
    ): ${runtime.type("Awaitable")}<${answer}>;
  `;
}

function createFunction(f: GeneratedFile, service: Service, names: Names): Printable {
  const { runtime, context, handlers, partial, imports } = names;
  const name = `create${service.desc.name}`;
  const type = `${service.desc.name}Handlers<${context}>`;
  const result = [runtime.type("Service"), `<${context}>`];
  return code`
    /**
     * Mounts handlers of ${service.desc.typeName}; pass the result to \`createServer\`.
     * With \`unimplemented: "501"\`, omitted handlers answer 501.
     */
    ${f.export("function", name)}<${context} = unknown>(${handlers}: ${type}): ${result};
    ${f.export("function", name)}<${context} = unknown>(
      ${handlers}: ${partial}<${type}>,
      options: { unimplemented: "501" },
    ): ${result};
    ${f.export("function", name)}<${context} = unknown>(${handlers}: ${partial}<${type}>): ${result} {
      return ${runtime.value("defineService")}(${imports.service(service.desc)}, ${handlers}, {
        ${join(service.methods.map(methodEntry), "\n")}
      });
    }
  `;
}

function methodEntry(method: Method): Printable {
  return `${property(method.desc.localName)}: ${literal(methodTable(method), 4)},`;
}
