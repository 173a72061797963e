import { hasOwn } from "../../shared/json.js";
import { callHandlers, type Otherwise } from "../stream/handle-events.js";

/** The members of a oneof that are messages. Their handlers are required. */
type MessageKeys<T> = { [K in keyof T]-?: NonNullable<T[K]> extends object ? K : never }[keyof T];

type Handlers<T> = { [K in keyof T]-?: (value: NonNullable<T[K]>, message: T) => unknown };

/**
 * A handler for each event of a stream, which is a member of the oneof in its message `T`. The handler of a scalar is
 * optional, since the JSON type does not distinguish it from the event's id.
 */
export type EventHandlers<T> = Pick<Handlers<T>, MessageKeys<T>> & Partial<Handlers<T>>;

/**
 * Calls the handler of each event, one after the other, and resolves when the stream ends. Each event needs a handler,
 * unless there is `otherwise`: without both, the call does not compile. A promise that a handler returns is awaited.
 * If a handler throws, the stream ends with that error.
 *
 * ```ts
 * await handleEvents(client.ask({ question }), {
 *   delta: ({ text = "" }) => show(text),
 *   toolCall: (call) => run(call),
 *   done: () => {},
 * });
 * ```
 */
export async function handleEvents<T extends object>(
  stream: AsyncIterable<T>,
  handlers: EventHandlers<T> | (Partial<Handlers<T>> & Otherwise<T>),
): Promise<void> {
  // The names come from the server: `constructor` is not a handler.
  await callHandlers(stream, handlers, (message) => Object.entries(message).find(([name]) => hasOwn(handlers, name)));
}
