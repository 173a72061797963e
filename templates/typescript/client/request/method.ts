import type { JsonObject, JsonValue } from "../../shared/json.js";
import type { MethodHttp } from "../../shared/method.js";

/** What every client knows of a method. The descriptors of protobuf-es fit. */
export interface MethodInfo {
  /** `WatchTrades` */
  readonly name: string;
  /** The service: `market.v1.MarketService`. */
  readonly parent: { readonly typeName: string };
}

/** The kinds that a client deals in; each kind of messages has its own. */
export interface Kinds {
  /** What it knows of a method. */
  readonly method: MethodInfo;
  /** What every message is. */
  readonly message: unknown;
  /** What its methods want to know of the client: a registry, a validator. */
  readonly settings: unknown;
}

/** A method as the transport calls it: what HTTP carries, and how messages become JSON and back. */
export interface ClientMethod<I, O extends K["message"], K extends Kinds> {
  readonly desc: K["method"];
  readonly http: MethodHttp;
  /** The message of what the caller passed: what interceptors see. */
  prepare(request: I): K["message"];
  /** The ProtoJSON of the request. Throws when it has none, or breaks a rule. */
  encode(message: K["message"], settings: K["settings"]): JsonValue;
  /** Reads the ProtoJSON of the response message; unknown fields are ignored. Throws when it is not the message. */
  decode(json: JsonValue, settings: K["settings"]): O;
  /** Reads the JSON of an error's detail, where messages are more than JSON; undefined when it is not the message. */
  readDetail?(schema: { readonly typeName: string }, json: JsonObject, settings: K["settings"]): unknown;
}
