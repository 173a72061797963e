import type { DescMethod, JsonReadOptions, JsonWriteOptions, Registry } from "@bufbuild/protobuf";
import type { Validator } from "../../shared/validator.js";
import type { CorsOptions } from "../request/cors.js";
import type { HookOptions } from "./hooks.js";
import type { Interceptor } from "./interceptor.js";
import type { Awaitable, Service } from "./service.js";

/** The argument of `createContext`: a call after routing, before its body is read. */
export interface ContextInit<V = unknown> {
  readonly request: Request;
  readonly method: DescMethod;
  /** Whether the method is unary or a stream. */
  readonly kind: "unary" | "stream";
  /** The second argument of `server.fetch`. */
  readonly value: V;
}

/** Options of `createServer`. Times are in milliseconds; `Infinity` means no limit. */
export interface ServerOptions<C = unknown, V = C> extends HookOptions {
  readonly services: readonly Service<C>[];
  /**
   * Creates `context.value` for a call, before the body is read. Authenticate here: a `StatusError` that it throws is the
   * response. Default: `context.value` is the second argument of `server.fetch`.
   */
  readonly createContext?: ((init: ContextInit<V>) => Awaitable<C>) | undefined;
  /** Wrap every call. The first is the outermost. */
  readonly interceptors?: readonly Interceptor<C>[] | undefined;
  /** Checks every request before its handler is called, such as the validator of `@bufbuild/protovalidate`. */
  readonly validator?: Validator | undefined;
  /** The size limit of request bodies, in bytes. Default: 4 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** What to do with unknown query parameters: ignore them, or answer 400. Default: `"ignore"`. */
  readonly unknownQuery?: "ignore" | "reject" | undefined;
  /** How long the head of a stream waits for the first event. An error within this time is an HTTP status. Default: 25. */
  readonly commitWindowMs?: number | undefined;
  /** The heartbeat interval of streams whose method does not set one; 0 turns heartbeats off. Default: 15,000, and 5,000 on Bun and Workers. */
  readonly heartbeatMs?: number | undefined;
  /**
   * The time limit of a unary call, from the arrival of its request until its handler returns. Then the response is 504
   * with code 4, and the handler's signal is aborted. Default: no limit.
   */
  readonly unaryTimeoutMs?: number | undefined;
  /** The time limit of a stream, from the arrival of its request. Then it ends with code 4. Default: no limit. */
  readonly maxDurationMs?: number | undefined;
  /** What to do with a client that does not read: wait, or close the connection after `slowConsumerMs`. Default: `"block"`. */
  readonly slowConsumer?: "block" | "disconnect" | undefined;
  /** How long a client may leave a chunk unread with `slowConsumer: "disconnect"`. Default: 10,000. */
  readonly slowConsumerMs?: number | undefined;
  /** Allows pages of other origins. Default: off. */
  readonly cors?: CorsOptions | undefined;
  /** How protobuf-es reads and writes JSON. Default: unknown fields are ignored. */
  readonly jsonOptions?: Partial<JsonReadOptions & JsonWriteOptions> | undefined;
  /** The types for `google.protobuf.Any` and extensions. */
  readonly registry?: Registry | undefined;
}

/** The options without `createContext`. */
export type CallOptions<C> = Omit<ServerOptions<C>, "createContext">;

/** The numeric options: the smallest value, and the unit. */
const numbers = {
  maxBodyBytes: [0, "bytes"],
  commitWindowMs: [0, "milliseconds"],
  heartbeatMs: [0, "milliseconds"],
  unaryTimeoutMs: [1, "milliseconds"],
  maxDurationMs: [1, "milliseconds"],
  slowConsumerMs: [1, "milliseconds"],
  leakMs: [0, "milliseconds"],
} as const;

/** Throws a `TypeError` for the value of an option that is a mistake. */
export function checkOptions(options: object): void {
  for (const [name, [least, unit]] of Object.entries(numbers)) {
    checkNumber(`option ${name}`, Reflect.get(options, name), least, unit);
  }
}

/** Throws a `TypeError` unless a value is undefined or a number of at least `least`. */
export function checkNumber(what: string, value: unknown, least: number, unit: string): void {
  if (value !== undefined && !(typeof value === "number" && value >= least)) {
    const got = typeof value === "number" ? value : typeof value;
    throw new TypeError(`${what} is ${got}: give a number of ${unit}, ${least} or more`);
  }
}
