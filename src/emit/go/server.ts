import type { Printable } from "@bufbuild/protoplugin";
import type { Method, Service } from "../../model/model.js";
import { code, join } from "../../print/code.js";
import { tableName } from "./client.js";
import { comment, deprecation, methodDocs } from "./docs.js";
import { quote } from "./go-literal.js";
import type { Imports } from "./imports.js";
import { methodName, serviceName } from "./names.js";

/** The server of a service: the interface of its handlers, an implementation to embed, and what mounts it. */
export function server(service: Service, imports: Imports): Printable {
  const name = serviceName(service.desc);
  const deprecated = deprecation(service.deprecated, service.desc);
  const methods = service.methods.map(
    (method) => code`
      ${methodDocs(methodName(method.desc), method)}
      ${signature(method, imports)}
    `,
  );
  const unimplemented = service.methods.map(
    (method) => code`
      ${comment([`${methodName(method.desc)} returns an error with the code Unimplemented.`])}
      func (Unimplemented${name}Handler) ${signature(method, imports)} {
          return ${method.answer.kind === "stream" ? "" : "nil, "}${notImplemented(method)}
      }
    `,
  );
  const handlers = service.methods.map(
    (method) =>
      `sse.${method.answer.kind === "stream" ? "StreamHandler" : "UnaryHandler"}(&${tableName(method)}, svc.${methodName(method.desc)}),`,
  );
  return code`
    ${comment([`${name}Handler handles the calls of ${service.desc.typeName}.\nEmbed Unimplemented${name}Handler, so that your code compiles when the proto gets another method.`, service.docs.text, deprecated])}
    type ${name}Handler interface {
        ${join(methods)}
    }

    ${comment([`Unimplemented${name}Handler implements ${name}Handler.\nIts methods return an error with the code Unimplemented, which is HTTP status 501.`, deprecated])}
    type Unimplemented${name}Handler struct{}

    ${join(unimplemented)}

    ${comment([`New${name} returns the service that svc handles, for sse.NewHandler.`, deprecated])}
    func New${name}(svc ${name}Handler) sse.Service {
        return sse.NewService(
            ${quote(service.desc.typeName)},
            ${join(handlers, "\n")}
        )
    }
  `;
}

function signature({ desc, answer }: Method, imports: Imports): string {
  const request = `ctx context.Context, req ${imports.type(desc.input)}`;
  const response = imports.type(desc.output);
  return answer.kind === "stream"
    ? `${methodName(desc)}(${request}, stream *sse.Sender[${response}]) error`
    : `${methodName(desc)}(${request}) (${response}, error)`;
}

function notImplemented({ desc }: Method): string {
  return `sse.Errorf(sse.Unimplemented, ${quote(`${desc.parent.typeName}.${desc.name} is not implemented`)})`;
}
