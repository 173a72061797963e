import type { MethodHttp } from "../../shared/method.js";
import type { ClientMethod, Kinds } from "../request/method.js";

/** A method with the JSON types of its messages, by its full name; called by generated code. */
export function defineMethod<I, O>(name: string, http: MethodHttp): ClientMethod<I, O, Kinds> {
  const dot = name.lastIndexOf(".");
  return {
    desc: { name: name.slice(dot + 1), parent: { typeName: name.slice(0, dot) } },
    http,
    prepare: (request) => request,
    // Leaves out what is undefined, as JSON does.
    encode: (message) => JSON.parse(JSON.stringify(message)),
    // Without descriptors, nothing can check the types.
    createDecoder: () => (json) => json as O,
  };
}
