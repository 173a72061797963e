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

/** Options of a client: the address of its server, and defaults for the options of its calls. */
export interface ClientOptions extends BaseClientOptions<EsKinds>, MessageSettings {}

/** Calls methods that are defined by hand. */
export class Transport extends BaseTransport<EsKinds> {}

/** Wraps a call; see `BaseInterceptor`, for messages of protobuf-es. */
export type Interceptor = BaseInterceptor<EsKinds>;
/** The rest of a call. */
export type Next = BaseNext<EsKinds>;
/** A call before it is sent. */
export type ClientRequest = BaseClientRequest<EsKinds>;
/** The response of a call. */
export type ClientResponse = BaseClientResponse<EsKinds>;
/** A call of a method that responds with one message. */
export type UnaryRequest = BaseUnaryRequest<EsKinds>;
/** The response of a unary call. */
export type UnaryResponse = BaseUnaryResponse<EsKinds>;
/** One attempt of a stream. */
export type StreamRequest = BaseStreamRequest<EsKinds>;
/** A stream that was opened. */
export type StreamResponse = BaseStreamResponse<EsKinds>;
