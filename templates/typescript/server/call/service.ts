import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import { hasOwn } from "../../shared/json.js";
import type { MethodHttp } from "../../shared/method.js";
import type { Tracked } from "../stream/tracked.js";
import type { StreamContext } from "./context.js";
import type { Init } from "./to-message.js";

/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** What a handler of a stream answers with: an async generator, or anything iterable in this way, or a `ReadableStream`. */
export type StreamSource<T extends Message> =
  | AsyncIterable<StreamItem<T>>
  // A `ReadableStream`, by what is called of it: named, it would take the place of the wrong field in compiler errors.
  | { getReader(): { read(): Promise<{ done: boolean; value?: StreamItem<T> | undefined }> } };

type StreamItem<T extends Message> = Fields<T> | Tracked<Fields<T>>;

/** The same values as `Init`, but one type and no union: compiler errors then name the field that is wrong. */
type Fields<T extends Message> = {
  [P in keyof InitFields<T>]: P extends "$typeName" ? T["$typeName"] : InitFields<T>[P];
};

/** `Init` without the message itself. */
type InitFields<T extends Message> = Exclude<Init<T>, Message>;

/** A header that a method takes, as its option `(sse.v1.header)` says. */
export interface HeaderRule {
  readonly name: string;
  /** Default `"string"`. */
  readonly type?: "integer" | "number" | "boolean";
  /** A format of JSON Schema's registry. Those that are not known here are not checked. */
  readonly format?: string;
  /** A request without it is refused. */
  readonly required?: true;
}

/** What the server needs to know of a method: how HTTP carries it, and the headers that it takes. */
export interface ServerMethodHttp extends MethodHttp {
  /** Checked before the request is read; a name occurs once. */
  readonly headers?: readonly HeaderRule[];
}

/** A method with its handler. */
export interface ServiceMethod<C = unknown> {
  readonly desc: DescMethod;
  readonly http: ServerMethodHttp;
  /** Absent: the method answers 501. Returns what the user's handler does, whatever that is. */
  readonly handler: ((request: Message, context: StreamContext<C>) => unknown) | undefined;
}

/** A service with its handlers, made by the generated `create…` and served by `createServer`. `C` is the type of `context.value`. */
export interface Service<C = unknown> {
  readonly desc: DescService;
  readonly methods: readonly ServiceMethod<C>[];
}

/**
 * Binds the handlers of a service to its methods; called by generated code. `handlers` and `methods`
 * are keyed by the methods' names in TypeScript, and a handler is called with `handlers` as `this`,
 * so that an instance of a class serves.
 */
export function defineService<C, S extends DescService>(
  desc: S,
  handlers: object,
  // By the service's own names: a record of any names would type `hasOwnProperty` as the function that every object has.
  methods: { readonly [N in keyof S["method"]]?: ServerMethodHttp },
): Service<C> {
  return {
    desc,
    methods: Object.entries<ServerMethodHttp | undefined>(methods).map(([name, http]) => {
      const method = desc.method[name];
      if (method === undefined || http === undefined) {
        throw new Error(`service ${desc.typeName} has no method "${name}": generate its _server.ts again`);
      }
      // Looked up now, so that a method of the prototype is found and a later change of the object is not.
      const handler: unknown = Reflect.get(handlers, name);
      if (handler === undefined || isOfEveryObject(handlers, name)) {
        return { desc: method, http, handler: undefined };
      }
      if (typeof handler !== "function") {
        throw new TypeError(`handler "${name}" of ${desc.typeName} is ${typeof handler}: make it a function`);
      }
      return {
        desc: method,
        http,
        handler: (request, context) => Reflect.apply(handler, handlers, [request, context]),
      };
    }),
  };
}

/** Whether a property is what every object inherits: `valueOf` is no handler, unless the handlers have their own. */
function isOfEveryObject(handlers: object, name: string): boolean {
  let holder: object | null = handlers;
  if (!(name in Object.prototype)) {
    return false;
  }
  while (holder !== null && !hasOwn(holder, name)) {
    holder = Object.getPrototypeOf(holder);
  }
  return holder === null || holder === Object.prototype;
}
