import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  isMessage,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { hasOwn } from "../../shared/json.js";
import type { MethodHttp } from "../../shared/method.js";
import type { Tracked } from "../stream/event-id.js";
import type { StreamContext } from "./context.js";

/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** What a message is made of: the message itself, or an object with the fields to set. */
export type Init<T extends Message> = MessageInitShape<GenMessage<T>>;

/** What a handler of a stream returns: an async iterable, such as an async generator, or a `ReadableStream`. */
export type StreamSource<T extends Message> =
  | AsyncIterable<StreamItem<T>>
  // A `ReadableStream`, described by the method that is called: with its name, compiler errors would not name the wrong field.
  | { getReader(): { read(): Promise<{ done: boolean; value?: StreamItem<T> | undefined }> } };

type StreamItem<T extends Message> = Fields<T> | Tracked<Fields<T>>;

/** The same values as `Init`, but one type and no union: compiler errors then name the field that is wrong. */
type Fields<T extends Message> = {
  [P in keyof InitFields<T>]: P extends "$typeName" ? T["$typeName"] : EventInit<InitFields<T>[P]>;
};

/**
 * A oneof whose values may be `{}`. TypeScript gives a literal `{}` the fields of the other events that a generator
 * yields, as unset, and rejects it, since all fields of a message are optional and none of them is given. A property that
 * every object has ends that check.
 */
type EventInit<V> = V extends { readonly case: infer C; readonly value: infer W }
  ? [Extract<W, Message>] extends [never]
    ? V
    : { case: C; value: Fields<Extract<W, Message>> & { toString(): string } }
  : V;

/** `Init` without the message itself. */
type InitFields<T extends Message> = Exclude<Init<T>, Message>;

/** A header of a method, from its option `(sse.v1.header)`. */
export interface HeaderRule {
  readonly name: string;
  /** Default `"string"`. */
  readonly type?: "integer" | "number" | "boolean";
  /** A format of JSON Schema. Unknown formats are not checked. */
  readonly format?: string;
  /** A request without it is answered with 400. */
  readonly required?: true;
}

/** How HTTP carries a method, and the headers of its requests. */
export interface ServerMethodHttp extends MethodHttp {
  /** Checked before the request is read; a name occurs once. */
  readonly headers?: readonly HeaderRule[];
}

/** A method with its handler. */
export interface ServiceMethod<C = unknown> {
  readonly desc: DescMethod;
  readonly http: ServerMethodHttp;
  /** If absent, the method answers 501. Returns what the user's handler returns, unchecked. */
  readonly handler: ((request: Message, context: StreamContext<C>) => unknown) | undefined;
}

/** A service with its handlers, made by the generated `create…` and served by `createServer`. `C` is the type of `context.value`. */
export interface Service<C = unknown> {
  readonly desc: DescService;
  readonly methods: readonly ServiceMethod<C>[];
}

/**
 * Binds the handlers of a service to its methods; called by generated code. `handlers` and `methods` are keyed by the
 * methods' names in TypeScript, and a handler is called with `handlers` as `this`, so it can be an instance of a class.
 */
export function defineService<C>(
  desc: DescService,
  handlers: object,
  // Not a type with `ServerMethodHttp`: comparing all tables with it would take the compiler most of the symbols that
  // servers of large APIs add.
  methods: object,
): Service<C> {
  return {
    desc,
    methods: Object.entries(methods as Record<string, ServerMethodHttp | undefined>).map(([name, http]) => {
      const method = desc.method[name];
      if (method === undefined || http === undefined) {
        throw new Error(`service ${desc.typeName} has no method "${name}": generate its _server.ts again`);
      }
      // Looked up now: methods of the prototype are found, and later changes of the object have no effect.
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

/** Whether a property comes from `Object.prototype`: `valueOf` is not a handler unless the handlers define it. */
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

/**
 * The message that a handler returned or yielded, made from its init shape if it is not a message yet.
 * `create` accepts any value and leaves the fields that it does not find unset, so a wrong value would
 * be sent as an empty message. Throws a `TypeError` for such a value.
 */
export function toMessage(schema: DescMessage, value: unknown): Message {
  if (isMessage(value, schema)) {
    return value;
  }
  if (!isInit(schema, value)) {
    throw new TypeError(
      `handler gave ${describeValue(value)}: give a ${schema.typeName}, or an object with its fields`,
    );
  }
  return create(schema, value);
}

function isInit(schema: DescMessage, value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isMessage(value)) {
    return false;
  }
  const keys = Object.keys(value);
  if (keys.length === 0) {
    // An Error, a Promise, a Date and a Map have no keys either, but a prototype.
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === null || prototype === Object.prototype;
  }
  // Further properties are fine, as in a row of a database; no field at all is a mistake.
  return keys.some((key) => schema.members.some((member) => member.localName === key));
}

function describeValue(value: unknown): string {
  if (value === null || typeof value !== "object") {
    return value === null || value === undefined ? String(value) : `a ${typeof value}`;
  }
  if (isMessage(value)) {
    return `a ${value.$typeName}`;
  }
  const keys = Object.keys(value).slice(0, 3);
  return `${Array.isArray(value) ? "an array" : "an object"}${keys.length > 0 ? ` with ${keys.map((key) => JSON.stringify(key)).join(", ")}` : ""}`;
}
