/**
 * What generated code tells the runtime about a method: how HTTP carries it.
 * Every value here was decided by the plugin; the runtime only follows it.
 */
export interface MethodHttp {
  /** The first is the method's own binding; the others are its `additional_bindings`. */
  readonly bindings: readonly [HttpBinding, ...HttpBinding[]];
  /** Present when the answer is a stream of the response message. */
  readonly stream?: StreamRule;
}

/** An HTTP method and path of an rpc, and where the fields of its request travel. */
export interface HttpBinding {
  /** The HTTP method, as it stands on the request line. */
  readonly method: string;
  /** The path template in the grammar of google/api/http.proto, base path included: `/v1/{name=shelves/*}:read`. */
  readonly path: string;
  /** The variables of `path`, in their order. */
  readonly variables?: readonly PathVariable[];
  /** `"*"`: every field that the path leaves is the body. A field: its value is the body. Absent: no body. */
  readonly body?: "*" | { readonly field: string };
  /** The empty message is not valid: the server refuses a request without a body. */
  readonly bodyRequired?: true;
  /** The JSON name of the response field whose value is the response body. Absent: the whole message. */
  readonly responseBody?: string;
  /** The body is a google.api.HttpBody: its bytes travel as they are, under its content type. */
  readonly rawBody?: true;
  /** The response body is a google.api.HttpBody. */
  readonly rawResponse?: true;
  /**
   * What the JSON of a request does not tell about its query parameters: a table a message, by full name,
   * as messages nest and recur. The entry `""` is the request itself. Fields without a peculiarity are left out.
   */
  readonly query?: Readonly<Record<string, Readonly<Record<string, QueryField>>>>;
}

/** A variable of a path, and the field that it holds. */
export interface PathVariable {
  /** The JSON names that lead from the request message to the field. */
  readonly field: readonly [string, ...string[]];
  /**
   * The text of the value that ProtoJSON leaves out: `"0"`, `"false"`, the first name of an enum.
   * Absent for strings and bytes, whose empty value no path can hold, and for fields that know whether they are set.
   */
  readonly implicit?: string;
}

/** A field of a message in a query string; the record's key is its JSON name. */
export interface QueryField {
  /** Stands in the parameter's name in place of the field's own name. */
  readonly name?: string;
  /** A request without this parameter is refused. */
  readonly required?: true;
  /** Of a required field, as in `PathVariable`: the text of the value that ProtoJSON leaves out, which is then sent. */
  readonly implicit?: string;
  /** A map of scalars: one parameter `name[key]=value` an entry. */
  readonly map?: true;
  /** The entry in the table of this field's message, where that has one. */
  readonly message?: string;
}

/** How the response message becomes events. */
export interface StreamRule {
  /** The server takes `Last-Event-ID`, and the client reconnects. */
  readonly resumable?: true;
  /** The JSON name of the response field that is the event's `id`. */
  readonly id?: string;
  /** What the ProtoJSON of that field is, where it is no string: of an integer of 32 bits, of a bool. */
  readonly idType?: "number" | "boolean";
  /** For a oneof of events: its members by event name, in declaration order. Absent: one kind of event, the whole message. */
  readonly events?: Readonly<Record<string, EventRule>>;
  /** The name of the events of a stream with one kind of message. Absent: they have none. */
  readonly eventName?: string;
  /** `data:` of the event that ends the stream, as in `[DONE]`. */
  readonly terminalData?: string;
  /** The name of the event that carries a failure. Default `"error"`. */
  readonly errorEvent?: string;
  /** The longest silence in milliseconds; 0 for no heartbeat. Default 15,000 (5,000 on Bun and Workers). */
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
