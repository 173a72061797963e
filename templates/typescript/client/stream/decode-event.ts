import { hasOwn, type JsonValue } from "../../shared/json.js";
import type { StreamRule } from "../../shared/method.js";
import { DecodeError, type ErrorContext, type MessageError } from "../request/errors.js";
import type { RawEvent } from "./raw-event.js";
import type { StreamOptions } from "./stream-options.js";

/**
 * The message of one event. Undefined for an event that is skipped: one of a name that the oneof of events does not
 * declare, unless `unknownEvents` is `"throw"`, and one that cannot be read where `invalidEvents` is `"skip"`.
 */
export function decodeEvent<O>(
  event: RawEvent,
  format: "sse" | "jsonl",
  rule: StreamRule,
  options: StreamOptions,
  context: ErrorContext,
  decode: (json: JsonValue) => O,
): O | undefined {
  const isKnown = format === "jsonl" || rule.events === undefined || hasOwn(rule.events, event.event);
  if (!isKnown) {
    options.onUnknownEvent?.(event);
    if (options.unknownEvents !== "throw") {
      return undefined;
    }
    throw new DecodeError(event, new Error("the method declares no such event"), context);
  }
  try {
    const json: JsonValue = JSON.parse(event.data);
    return decode(format === "jsonl" ? json : toMessageJson(json, event, rule));
  } catch (cause) {
    if (options.invalidEvents === "skip" && isOfEvent(cause)) {
      return undefined;
    }
    throw new DecodeError(event, cause, context);
  }
}

/** Whether an error is about the event. A validator that fails says nothing about it, and would fail for all of them. */
function isOfEvent(cause: unknown): boolean {
  const { path, violations } = cause as MessageError;
  return cause instanceof SyntaxError || path !== undefined || violations !== undefined;
}

/** The JSON of the response message from that of an event. Of one kind of message the name tells nothing. */
function toMessageJson(
  json: JsonValue,
  { event, id, ownId }: RawEvent,
  { events, id: idField, idType }: StreamRule,
): JsonValue {
  const field = events?.[event]?.field;
  if (field === undefined) {
    return json;
  }
  return {
    [field]: json,
    ...(idField !== undefined && ownId && id !== undefined && { [idField]: idType ? JSON.parse(id) : id }),
  };
}
