/** An event as it came: the fields of WHATWG HTML 9.2.6, before any meaning is given to its data. */
export interface RawEvent {
  /** The event's type; `"message"` where the server gave none, and for a line of JSON Lines. */
  readonly event: string;
  /** The `data:` lines, joined by LF; or the line of JSON. */
  readonly data: string;
  /** The last event ID in force; undefined where none is. An earlier event may have set it: see `ownId`. */
  readonly id: string | undefined;
  /** Whether this event's block set the id with an `id:` of its own. */
  readonly ownId: boolean;
  /** Milliseconds from a `retry:` of this event's block; undefined where it has none. */
  readonly retry: number | undefined;
}
