import type { BaseClientOptions } from "../client-options.js";
import type * as base from "../interceptor.js";
import { BaseTransport } from "../transport.js";
import type { JsonKinds } from "./method.js";

/** Options of a client: where its server is, and defaults of the options of its calls. */
export interface ClientOptions extends BaseClientOptions<JsonKinds> {}

/** Calls the methods of a client; called by generated code. */
export class Transport extends BaseTransport<JsonKinds> {}

/** Wraps a call; see the interceptor of the core, which this is for messages that are JSON. */
export type Interceptor = base.Interceptor<JsonKinds>;
/** The rest of a call. */
export type Next = base.Next<JsonKinds>;
/** A call before it is sent. */
export type ClientRequest = base.ClientRequest<JsonKinds>;
/** What a call is answered with. */
export type ClientResponse = base.ClientResponse<JsonKinds>;
/** A call with one answer. */
export type UnaryRequest = base.UnaryRequest<JsonKinds>;
/** The answer of a call, read. */
export type UnaryResponse = base.UnaryResponse<JsonKinds>;
/** One attempt of a stream. */
export type StreamRequest = base.StreamRequest<JsonKinds>;
/** A stream that was opened. */
export type StreamResponse = base.StreamResponse<JsonKinds>;
