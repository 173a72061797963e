/**
 * How HTTP carries a method. Generated code contains this.
 * The plugin made every decision in it. The runtime only follows them.
 */
export interface MethodHttp {
  /** The first is the binding of the method, the others are its `additional_bindings`. */
  readonly bindings: readonly [HttpBinding, ...HttpBinding[]];
  /** Present if the method responds with a stream of the response message. */
  readonly stream?: StreamRule;
}

/** An HTTP method and path of an rpc, and where the fields of its request travel. */
export interface HttpBinding {
  /** The HTTP method: `GET`. */
  readonly method: string;
  /** The path template in the grammar of google/api/http.proto, base path included: `/v1/{name=shelves/*}:read`. */
  readonly path: string;
  /** The variables of `path`, in its order. */
  readonly variables?: readonly PathVariable[];
  /** `"*"`: all fields that are not in the path are the body. A field: its value is the body. Absent: no body. */
  readonly body?: "*" | { readonly field: string };
  /** The empty message is not valid: the server rejects a request without a body. */
  readonly bodyRequired?: true;
  /** The JSON name of the response field whose value is the response body. Absent: the whole message. */
  readonly responseBody?: string;
  /** The body is a google.api.HttpBody: its bytes travel as they are, under its content type. */
  readonly rawBody?: true;
  /** The response body is a google.api.HttpBody. */
  readonly rawResponse?: true;
  /**
   * What the JSON of a request does not show about its query parameters: a table for each message, by full name, since
   * messages nest and recur. The entry `""` is the request itself. Ordinary fields are omitted.
   */
  readonly query?: Readonly<Record<string, Readonly<Record<string, QueryField>>>>;
}

/** A variable of a path, and its field. */
export interface PathVariable {
  /** The path of the field in the request message, as JSON names. */
  readonly field: readonly [string, ...string[]];
  /**
   * The text of the value that ProtoJSON omits: `"0"`, `"false"`, the first name of an enum.
   * Absent for strings and bytes, whose empty value no path can hold, and for fields with presence.
   */
  readonly implicit?: string;
}

/** A field of a message in a query string. The key of the record is its JSON name. */
export interface QueryField {
  /** The field's part of the parameter's name, instead of its JSON name. */
  readonly name?: string;
  /** The server rejects a request without this parameter. */
  readonly required?: true;
  /** Of a required field: the text of the value that ProtoJSON omits, as in `PathVariable`. It is sent instead. */
  readonly implicit?: string;
  /** A map of scalars: one parameter `name[key]=value` for each entry. */
  readonly map?: true;
  /** The entry in the table of the field's message, if it has one. */
  readonly message?: string;
}

/** How the response message becomes events. */
export interface StreamRule {
  /** The server accepts `Last-Event-ID`, and the client reconnects. */
  readonly resumable?: true;
  /** The JSON name of the response field that is the event's `id`. */
  readonly id?: string;
  /** The type of that field's ProtoJSON if it is not a string: for an integer of 32 bits, for a bool. */
  readonly idType?: "number" | "boolean";
  /** For a oneof of events: its members by event name, in declaration order. Absent: one kind of event, which is the whole message. */
  readonly events?: Readonly<Record<string, EventRule>>;
  /** The name of the events of a stream with one kind of message. Absent: they have no name. */
  readonly eventName?: string;
  /** `data:` of the event that ends the stream, as in `[DONE]`. */
  readonly terminalData?: string;
  /** The name of the event that carries a failure. Default `"error"`. */
  readonly errorEvent?: string;
  /** The longest time without data, in milliseconds; 0 for no heartbeat. Default 15,000 (5,000 on Bun and Workers). */
  readonly heartbeatMs?: number;
  /** `retry:` in milliseconds, sent once at the start of a stream. */
  readonly retryMs?: number;
}

/** A member of a oneof of events. */
export interface EventRule {
  /** The JSON name of the oneof's member. */
  readonly field: string;
  /** The stream ends after this event. */
  readonly terminal?: true;
}
