import type { JsonObject, JsonValue } from "../../shared/json.js";
import type { MethodHttp } from "../../shared/method.js";

/** The name of a method. Descriptors of protobuf-es have this shape. */
export interface MethodInfo {
  /** `WatchTrades` */
  readonly name: string;
  /** The service: `market.v1.MarketService`. */
  readonly parent: { readonly typeName: string };
}

/** The types of a client, for each kind of messages. */
export interface Kinds {
  /** The description of a method. */
  readonly method: MethodInfo;
  /** The base type of all messages. */
  readonly message: unknown;
  /** The options of the client that its methods need: a registry, a validator. */
  readonly settings: unknown;
}

/** A method: how HTTP carries it, and how its messages are encoded and decoded. */
export interface ClientMethod<I, O extends K["message"], K extends Kinds> {
  readonly desc: K["method"];
  readonly http: MethodHttp;
  /** The message that the caller passed, as interceptors see it. */
  prepare(request: I): K["message"];
  /** The ProtoJSON of the request. Throws if it cannot be encoded, or breaks a rule. */
  encode(message: K["message"], settings: K["settings"]): JsonValue;
  /**
   * Makes what reads the ProtoJSON of the response message. Unknown fields are ignored. What it makes throws if the JSON
   * is not the message.
   */
  createDecoder(settings: K["settings"]): (json: JsonValue) => O;
  /** Reads the JSON of an error's detail as a message; undefined if it is not that message. Absent for messages that are JSON. */
  readDetail?(schema: { readonly typeName: string }, json: JsonObject, settings: K["settings"]): unknown;
}
