import type { Printable } from "@bufbuild/protoplugin";
import type { Header, Method } from "../../model/model.js";
import { code, join } from "../../print/code.js";
import { comment, docstring } from "./docstring.js";
import type { Module } from "./imports.js";
import { methodName, uniqueName } from "./names.js";
import { quote } from "./python-literal.js";

const TYPES: Readonly<Record<Header["type"], string>> = {
  string: "str",
  integer: "int",
  number: "float",
  boolean: "bool",
  array: "list[str]",
};

/** The types of the headers that a method declares, and of its options, which have them. */
export function headersTypes(method: Method, module: Module): Printable[] {
  const { runtime, imports } = module;
  const typing = (name: string) => imports.name("typing", name);
  const name = `${baseName(method, module)}Headers`;
  const base = runtime(method.answer.kind === "stream" ? "BaseStreamOptions" : "BaseCallOptions");
  const mapping = imports.name("collections.abc", "Mapping");
  const entries = method.headers.map(
    ({ name, type, required, description, deprecated }) => code`
      ${comment([description, deprecated ? "Deprecated." : ""])}
      ${quote(name)}: ${required ? `${typing("Required")}[${TYPES[type]}]` : TYPES[type]},
    `,
  );
  return [
    code`
      ${name} = ${typing("TypedDict")}(
          ${quote(name)},
          {
              ${join(entries, "\n")}
          },
          total=False,
      )
      ${docstring([`The headers of ${method.desc}. They can also be set once, in the client.`])}
    `,
    code`
      class ${optionsName(method, module)}(${base}, total=False):
          ${docstring([`The options of \`${methodName(method.desc)}\`.`])}

          headers: ${name} | ${mapping}[str, str]
    `,
  ];
}

export function optionsName(method: Method, module: Module): string {
  return `${baseName(method, module)}Options`;
}

/** The name of the rpc, behind that of its service if two services of the file have such an rpc. */
function baseName({ desc }: Method, { services }: Module): string {
  const names = services.flatMap(({ methods }) => methods.map((method) => method.desc.name));
  return uniqueName(desc.name, `${desc.parent.name}${desc.name}`, names);
}
