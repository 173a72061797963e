import type { Printable } from "@bufbuild/protoplugin";
import type { Header, Method, Service } from "../../model/model.js";
import { code, join } from "../../print/code.js";
import { comment, deprecation, methodDocs } from "./docs.js";
import { quote } from "./go-literal.js";
import type { Imports } from "./imports.js";
import { methodName, serviceName, unexported } from "./names.js";

/** The name of the table of a method. With that of its service, as a package may have several. */
export function tableName({ desc }: Method): string {
  return `${unexported(serviceName(desc.parent))}${methodName(desc)}`;
}

/** The client of a service: an interface, its constructor, and the type that implements it. */
export function client(service: Service, imports: Imports): Printable {
  const name = `${serviceName(service.desc)}Client`;
  const own = unexported(name);
  const deprecated = deprecation(service.deprecated, service.desc);
  const methods = service.methods.map(
    (method) => code`
      ${methodDocs(methodName(method.desc), method)}
      ${signature(method, imports)}
    `,
  );
  const implementations = service.methods.map(
    (method) => code`
      func (c *${own}) ${signature(method, imports)} {
          return ${call(method, imports)}
      }
    `,
  );
  return code`
    ${comment([`${name} is a client of ${service.desc.typeName}.`, service.docs.text, deprecated])}
    type ${name} interface {
        ${join(methods)}
    }

    ${comment([`New${name} returns a client of ${service.desc.typeName}.\nbaseURL is the URL before the paths of the methods, such as https://api.example.com.`, deprecated])}
    func New${name}(baseURL string, opts ...sse.ClientOption) ${name} {
        return &${own}{transport: sse.NewTransport(baseURL, opts...)}
    }

    ${comment([`${own} implements ${name}.`])}
    type ${own} struct {
        transport *sse.Transport
    }

    ${join(implementations)}
  `;
}

function signature({ desc, answer }: Method, imports: Imports): string {
  const response = imports.type(desc.output);
  const isStream = answer.kind === "stream";
  const options = isStream ? "sse.StreamOption" : "sse.CallOption";
  const result = isStream ? `*sse.Stream[${response}]` : `(${response}, error)`;
  const request = imports.type(desc.input);
  return `${methodName(desc)}(ctx context.Context, req ${request}, opts ...${options}) ${result}`;
}

function call(method: Method, imports: Imports): string {
  const name = method.answer.kind === "stream" ? "CallStream" : "CallUnary";
  return `sse.${name}[${imports.type(method.desc.output)}](ctx, c.transport, &${tableName(method)}, req, opts)`;
}

const HEADER_TYPES: Readonly<Record<Header["type"], string>> = {
  string: "string",
  integer: "*int64",
  number: "*float64",
  boolean: "*bool",
  array: "[]string",
};

/** The declared headers of a method, and the option that sets them. */
export function headers(method: Method, name: string): Printable {
  const fields = method.headers.map(
    ({ name, type, required, description, deprecated }) => code`
      ${comment([`${fieldName(name)} is the header ${name}${required ? ", which is required" : ""}.`, description, deprecation(deprecated, method.desc)])}
      ${fieldName(name)} ${HEADER_TYPES[type]}
    `,
  );
  const entries = method.headers.map(({ name }) => `${quote(name)}: h.${fieldName(name)}`);
  const option = method.answer.kind === "stream" ? "sse.StreamOption" : "sse.CallOption";
  return code`
    ${comment([`${name} are the headers of ${method.desc.parent.typeName}.${method.desc.name}.\nThey can also be set once, in the client.`])}
    type ${name} struct {
        ${join(fields, "\n")}
    }

    ${comment([`With${name} sets the headers that have a value.`])}
    func With${name}(h ${name}) ${option} {
        return sse.Headers(map[string]any{${entries.join(", ")}})
    }
  `;
}

/** The field of a header: `X-Tenant` becomes `XTenant`. */
export function fieldName(header: string): string {
  const words = header.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return /^[A-Z]/.test(name) ? name : `X${name}`;
}
