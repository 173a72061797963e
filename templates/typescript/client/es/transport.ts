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
import type { EsKinds, MessageSettings } from "./method.js";

/** Options of a client: where its server is, and defaults of the options of its calls. */
export interface ClientOptions extends BaseClientOptions<EsKinds>, MessageSettings {}

/** Calls the methods of a client; called by generated code. */
export class Transport extends BaseTransport<EsKinds> {}

/** Wraps a call; see the interceptor of the core, which this is for messages of protobuf-es. */
export type Interceptor = BaseInterceptor<EsKinds>;
/** The rest of a call. */
export type Next = BaseNext<EsKinds>;
/** A call before it is sent. */
export type ClientRequest = BaseClientRequest<EsKinds>;
/** What a call is answered with. */
export type ClientResponse = BaseClientResponse<EsKinds>;
/** A call with one answer. */
export type UnaryRequest = BaseUnaryRequest<EsKinds>;
/** The answer of a call, read. */
export type UnaryResponse = BaseUnaryResponse<EsKinds>;
/** One attempt of a stream. */
export type StreamRequest = BaseStreamRequest<EsKinds>;
/** A stream that was opened. */
export type StreamResponse = BaseStreamResponse<EsKinds>;
