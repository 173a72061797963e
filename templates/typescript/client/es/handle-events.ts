import { callHandlers, type Otherwise } from "../stream/handle-events.js";

/** The oneof of a message: `{ case: "delta", value: Delta } | … | { case: undefined }`. */
type OneofOf<T> = Extract<T[keyof T], { readonly case: string | undefined }>;

/** A handler for each event of a stream, which is a member of the oneof in its message `T`. */
export type EventHandlers<T> = [OneofOf<T>] extends [never]
  ? never
  : {
      [E in OneofOf<T> as E extends { readonly case: infer C extends string } ? C : never]: (
        value: E extends { readonly value: infer V } ? V : never,
        message: T,
      ) => unknown;
    };

/**
 * Calls the handler of each event, one after the other, and resolves when the stream ends. Each event needs a handler,
 * unless there is `otherwise`: without both, the call does not compile. A promise that a handler returns is awaited.
 * If a handler throws, the stream ends with that error.
 *
 * ```ts
 * await handleEvents(client.ask({ question }), {
 *   delta: ({ text }) => show(text),
 *   toolCall: (call) => run(call),
 *   done: () => {},
 * });
 * ```
 */
export async function handleEvents<T extends object>(
  stream: AsyncIterable<T>,
  handlers: EventHandlers<T> | (Partial<EventHandlers<T>> & Otherwise<T>),
): Promise<void> {
  await callHandlers(stream, handlers, (message) => {
    const event = Object.values(message).find(isOneof);
    return event?.case === undefined ? undefined : [event.case, event.value];
  });
}

function isOneof(value: unknown): value is { readonly case: string | undefined; readonly value?: unknown } {
  return typeof value === "object" && value !== null && "case" in value;
}
