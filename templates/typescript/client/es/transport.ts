import type { BaseClientOptions } from "../client-options.js";
import type * as base from "../interceptor.js";
import { BaseTransport } from "../transport.js";
import type { EsKinds, MessageSettings } from "./method.js";

/** Options of a client: where its server is, and defaults of the options of its calls. */
export interface ClientOptions extends BaseClientOptions<EsKinds>, MessageSettings {}

/** Calls the methods of a client; called by generated code. */
export class Transport extends BaseTransport<EsKinds> {}

/** Wraps a call; see the interceptor of the core, which this is for messages of protobuf-es. */
export type Interceptor = base.Interceptor<EsKinds>;
/** The rest of a call. */
export type Next = base.Next<EsKinds>;
/** A call before it is sent. */
export type ClientRequest = base.ClientRequest<EsKinds>;
/** What a call is answered with. */
export type ClientResponse = base.ClientResponse<EsKinds>;
/** A call with one answer. */
export type UnaryRequest = base.UnaryRequest<EsKinds>;
/** The answer of a call, read. */
export type UnaryResponse = base.UnaryResponse<EsKinds>;
/** One attempt of a stream. */
export type StreamRequest = base.StreamRequest<EsKinds>;
/** A stream that was opened. */
export type StreamResponse = base.StreamResponse<EsKinds>;
