import type { JsonValue } from "../shared/json.js";
import type { EventRule, StreamRule } from "../shared/method.js";
import { DecodeError, type ErrorContext } from "./errors.js";
import type { RawEvent } from "./raw-event.js";
import type { StreamOptions } from "./stream-options.js";

/**
 * The message of one event. Undefined for an event to leave out: one whose name the method does not declare,
 * unless `unknownEvents` is `"throw"`, and one that cannot be read where `invalidEvents` is `"skip"`.
 */
export function decodeEvent<O>(
  event: RawEvent,
  format: "sse" | "jsonl",
  rule: StreamRule,
  options: StreamOptions,
  context: ErrorContext,
  decode: (json: JsonValue) => O,
): O | undefined {
  let skip = options.unknownEvents !== "throw";
  try {
    const wrap = format === "jsonl" ? asIs : wrapper(event, rule);
    skip = options.invalidEvents === "skip";
    return decode(wrap(JSON.parse(event.data)));
  } catch (cause) {
    if (skip) return undefined;
    throw new DecodeError(event, cause, context);
  }
}

const asIs = (json: JsonValue): JsonValue => json;

/** What makes the JSON of the response message from that of an event. Throws for an event that is none of the method's. */
function wrapper({ event, id }: RawEvent, rule: StreamRule): (json: JsonValue) => JsonValue {
  // One kind of event has no name, and is what the `message` listeners of an EventSource hear.
  const events: Readonly<Record<string, EventRule | undefined>> = rule.events ?? { message: undefined };
  if (!Object.hasOwn(events, event)) throw new Error("the method declares no such event");
  const field = events[event]?.field;
  if (field === undefined) return asIs;
  return (json) => ({
    [field]: json,
    ...(rule.id !== undefined && id !== undefined && { [rule.id]: rule.idType ? JSON.parse(id) : id }),
  });
}
