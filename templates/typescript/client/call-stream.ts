import { hasOwn, isJsonObject, type JsonValue } from "../shared/json.js";
import type { StreamRule } from "../shared/method.js";
import { intercept, mergeOptions, sendMessage } from "./call.js";
import type { ClientOf } from "./client-options.js";
import type { BaseStreamResponse } from "./interceptor.js";
import { DecodeError, type MessageError, StatusError } from "./request/errors.js";
import type { ClientMethod, Kinds } from "./request/method.js";
import type { RawEvent } from "./stream/decoder.js";
import { createEventStream, type EventStream } from "./stream/event-stream.js";
import type { EventPlace } from "./stream/stream-call.js";
import type { StreamOptions } from "./stream/stream-options.js";

/** Calls a method that responds with a stream; called by generated code. Sends nothing until the stream is read. */
export function callStream<I, O extends K["message"], K extends Kinds>(
  client: ClientOf<K>,
  method: ClientMethod<I, O, K>,
  request: I,
  options: StreamOptions = {},
): EventStream<O> {
  const merged = mergeOptions(client, options);
  const { stream: rule = {} } = method.http;
  const { errorEvent = "error" } = rule;
  const { errorField } = merged;
  const decodeEvent = createEventDecoder(rule, merged, method.createDecoder(merged));
  let answer: BaseStreamResponse<K>;
  const stream: EventStream<O> = createEventStream(
    {
      rule,
      open: async (attempt) => {
        const start = { kind: "stream", stream, ...attempt } as const;
        // Interceptors return a response of the same kind.
        answer = (await intercept(client, method, request, options, start, async (request) => {
          const { response, reader } = await sendMessage(method, request, merged, { ...attempt, phase: "open" });
          return {
            kind: "stream",
            response,
            decode: (event, place) => {
              if (event.event === errorEvent || (errorField !== undefined && hasField(event.data, errorField))) {
                throw new StatusError(response, event.data, reader, { ...place, phase: "body" });
              }
              return decodeEvent(event, place);
            },
          };
        })) as BaseStreamResponse<K>;
        return answer.response;
      },
      // An interceptor keeps the type of the message.
      decode: (event, place) => answer.decode(event, place) as O | undefined,
    },
    merged,
  );
  return stream;
}

/** Whether the data of an event is a JSON object that has a value for a field. */
function hasField(data: string, field: string): boolean {
  try {
    const json: JsonValue = JSON.parse(data);
    return isJsonObject(json) && hasOwn(json, field) && json[field] !== null;
  } catch {
    return false;
  }
}

/**
 * Makes what reads the message of one event. It returns undefined for an event that is skipped: one whose name the oneof
 * of events does not declare, unless `unknownEvents` is `"throw"`, and one that cannot be read if `invalidEvents` is
 * `"skip"`.
 *
 * The options are read once. Their object has a hidden class of its own, so code that reads it for each event would be
 * compiled again for each stream.
 */
function createEventDecoder<O>(
  rule: StreamRule,
  { onUnknownEvent, unknownEvents, invalidEvents }: StreamOptions,
  decode: (json: JsonValue) => O,
): (event: RawEvent, place: EventPlace) => O | undefined {
  return (event, place) => {
    const isLine = place.format === "jsonl";
    if (!isLine && rule.events !== undefined && !hasOwn(rule.events, event.event)) {
      onUnknownEvent?.(event);
      return unknownEvents === "throw" ? fail(event, place, new Error("the method declares no such event")) : undefined;
    }
    try {
      const json: JsonValue = JSON.parse(event.data);
      return decode(isLine ? json : toMessageJson(json, event, rule));
    } catch (cause) {
      return invalidEvents === "skip" && isAboutEvent(cause) ? undefined : fail(event, place, cause);
    }
  };
}

/** The context of an error is made for the error alone: made for each event, it took half of the time of an event. */
function fail(event: RawEvent, place: EventPlace, cause: unknown): never {
  throw new DecodeError(event, cause, { ...place, phase: "body" });
}

/** Whether an error is about the event. A validator that fails would fail for all events. */
function isAboutEvent(cause: unknown): boolean {
  const { path, violations } = cause as MessageError;
  return cause instanceof SyntaxError || path !== undefined || violations !== undefined;
}

/** The JSON of the response message. In a stream with one kind of message, the event's name has no meaning. */
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
