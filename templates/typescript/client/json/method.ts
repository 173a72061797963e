import type { MethodHttp } from "../../shared/method.js";
import type { ClientMethod, MethodInfo } from "../request/method.js";

/** What a client of JSON types deals in. */
export interface JsonKinds {
  readonly method: MethodInfo;
  readonly message: unknown;
  readonly settings: unknown;
}

/** A method with the JSON types of its messages, by its full name; called by generated code. */
export function defineMethod<I, O>(name: string, http: MethodHttp): ClientMethod<I, O, JsonKinds> {
  const dot = name.lastIndexOf(".");
  return {
    desc: { name: name.slice(dot + 1), parent: { typeName: name.slice(0, dot) } },
    http,
    prepare: (request) => request,
    // Leaves out what is undefined, as JSON does.
    encode: (message) => JSON.parse(JSON.stringify(message)),
    // The types are the server's promise: without descriptors there is nothing to hold it to.
    decode: (json) => json as O,
  };
}
