import type { DescMessage } from "@bufbuild/protobuf";
import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import { methodTable } from "../../model/method-table.js";
import type { Method, Service } from "../../model/model.js";
import type { Options } from "../../options.js";
import { code, join } from "../../print/code.js";
import { generateFile } from "../../print/layout.js";
import { literal, property } from "../../print/literal.js";
import { type Emission, servicesByFile } from "../output.js";
import { clientModule, runtimeImport } from "../runtime.js";
import { docBlock, methodDocs, serviceDocs } from "./docs.js";
import { globalName } from "./files.js";
import { createImports } from "./imports.js";

/** In the header, because without that option only the compiler reports that the imports fail. */
const JSON_TYPES_NOTE = "// protoc-gen-es generates the message types: run it with the option json_types=true.";

/** Emits `<file>_client.ts`: a class for each service, whose methods are docs, signature and one statement. */
export function emitClient({ api, schema, options }: Emission): void {
  for (const [file, services] of servicesByFile(api)) {
    const f = generateFile(schema, `${file.name}_client.ts`, (preamble) =>
      options.messages === "json" ? preamble?.replace("/* eslint", `${JSON_TYPES_NOTE}\n/* eslint`) : preamble,
    );
    f.preamble(file);
    const runtime = runtimeImport(f, options, clientModule(options));
    const names = { runtime, promise: globalName("Promise", services), ...messageTypes(f, options.messages, runtime) };
    f.print(join(services.flatMap((s) => [clientClass(f, s, names), ...s.methods.flatMap((m) => headersType(f, m))])));
  }
}

interface Names extends MessageTypes {
  readonly runtime: ReturnType<typeof runtimeImport>;
  readonly promise: string;
}

function clientClass(f: GeneratedFile, service: Service, names: Names): Printable {
  const { runtime } = names;
  const name = `${service.desc.name}Client`;
  return code`
    ${serviceDocs(service, `A client of ${service.desc.typeName}.`)}
    ${f.export("class", name)} {
      static readonly #methods = {
        ${join(
          service.methods.map((method) => methodEntry(method, names)),
          "\n",
        )}
      };

      readonly #options: ${runtime.type("ClientOptions")};

      constructor(options: ${runtime.type("ClientOptions")}) {
        this.#options = options;
      }

      ${join(service.methods.map((method) => clientMethod(method, name, names)))}
    }
  `;
}

function methodEntry(method: Method, { define }: Names): Printable {
  const { bindings, stream } = methodTable(method); // only a server checks headers
  // Without the comment, bundlers keep the methods of an unused client.
  return code`${property(method.desc.localName)}: /* @__PURE__ */ ${define(method)}${literal({ bindings, stream }, 4)}),`;
}

function clientMethod(method: Method, className: string, { runtime, promise, request, response }: Names): Printable {
  const { localName, input, output } = method.desc;
  const isStream = method.answer.kind === "stream";
  const plainOptions = runtime.type(isStream ? "StreamOptions" : "CallOptions");
  const options =
    method.headers.length === 0
      ? plainOptions
      : [runtime.type("WithHeaders"), "<", plainOptions, ", ", headersName(method), ">"];
  // Functions, so that bundlers drop the code for streams from a client without streams.
  const call = runtime.value(isStream ? "callStream" : "callUnary");
  const answer = [isStream ? runtime.type("EventStream") : promise, "<", response(output), ">"];
  return code`
    ${methodDocs(method)}
    ${localName}(request: ${request(input)}, options?: ${options}): ${answer} {
      return ${call}(this.#options, ${className}.#methods.${localName}, request, options);
    }
  `;
}

/** The type of the headers that a method declares. */
function headersType(f: GeneratedFile, method: Method): Printable[] {
  if (method.headers.length === 0) {
    return [];
  }
  const types = {
    string: "string",
    integer: "number",
    number: "number",
    boolean: "boolean",
    array: "readonly string[]",
  };
  const members = method.headers.map(
    ({ name, type, required, description, deprecated }) => code`
      ${docBlock([description, required ? "Required." : "", deprecated ? "@deprecated" : ""])}
      readonly ${f.string(name)}?: ${types[type]} | undefined;
    `,
  );
  return [
    code`
      ${docBlock([`Headers of ${method.desc}. They can also be set once in the options of the client.`])}
      ${f.export("type", headersName(method))} = {
        ${join(members, "\n")}
      };
    `,
  ];
}

function headersName({ desc }: Method): string {
  return `${desc.parent.name}${desc.name}Headers`;
}

/** How generated code names messages and creates methods: it depends on the option `messages`. */
interface MessageTypes {
  readonly request: (desc: DescMessage) => Printable;
  readonly response: (desc: DescMessage) => Printable;
  /** The call that binds a method, up to its table. */
  readonly define: (method: Method) => Printable;
}

function messageTypes(f: GeneratedFile, messages: Options["messages"], runtime: Names["runtime"]): MessageTypes {
  const define = runtime.value("defineMethod");
  const imports = createImports(f);
  if (messages === "json") {
    const { json } = imports;
    return {
      request: json,
      response: json,
      define: ({ desc }) => [
        [define, "<", json(desc.input), ", ", json(desc.output), ">("],
        [f.string(`${desc.parent.typeName}.${desc.name}`), ", "],
      ],
    };
  }
  const init = f.import("MessageInitShape", "@bufbuild/protobuf", true);
  return {
    request: (desc) => [init, "<typeof ", imports.schema(desc), ">"],
    response: imports.shape,
    define: ({ desc }) => [define, "(", imports.service(desc.parent), ", ", f.string(desc.localName), ", "],
  };
}
