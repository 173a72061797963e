import type { BaseClientOptions } from "../client-options.js";
import type {
  BaseClientRequest,
  BaseClientResponse,
  BaseInterceptor,
  BaseNext,
  BaseStreamRequest,
  BaseStreamResponse,
  BaseUnaryRequest,
  BaseUnaryResponse,
} from "../interceptor.js";
import { BaseTransport } from "../transport.js";
import type { JsonKinds } from "./method.js";

/** Options of a client: where its server is, and defaults of the options of its calls. */
export interface ClientOptions extends BaseClientOptions<JsonKinds> {}

/** Calls the methods of a client; called by generated code. */
export class Transport extends BaseTransport<JsonKinds> {}

/** Wraps a call; see the interceptor of the core, which this is for messages that are JSON. */
export type Interceptor = BaseInterceptor<JsonKinds>;
/** The rest of a call. */
export type Next = BaseNext<JsonKinds>;
/** A call before it is sent. */
export type ClientRequest = BaseClientRequest<JsonKinds>;
/** What a call is answered with. */
export type ClientResponse = BaseClientResponse<JsonKinds>;
/** A call with one answer. */
export type UnaryRequest = BaseUnaryRequest<JsonKinds>;
/** The answer of a call, read. */
export type UnaryResponse = BaseUnaryResponse<JsonKinds>;
/** One attempt of a stream. */
export type StreamRequest = BaseStreamRequest<JsonKinds>;
/** A stream that was opened. */
export type StreamResponse = BaseStreamResponse<JsonKinds>;
