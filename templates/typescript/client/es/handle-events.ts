/** The oneof of a message: `{ case: "delta", value: Delta } | … | { case: undefined }`. */
type OneofOf<T> = Extract<T[keyof T], { readonly case: string | undefined }>;

/** A handler for each event of a stream: each member of the oneof in its message `T`. */
export type EventHandlers<T> = [OneofOf<T>] extends [never]
  ? never
  : {
      [E in OneofOf<T> as E extends { readonly case: infer C extends string } ? C : never]: (
        value: E extends { readonly value: infer V } ? V : never,
        message: T,
      ) => unknown;
    };

/** Takes the events whose handlers are left out, and a message without any event. */
export interface Otherwise<T> {
  otherwise(message: T): unknown;
}

/**
 * Calls the handler of each event, one after the other, and resolves when the stream ends. There is a handler for
 * each event, or `otherwise`: one that is missing does not compile. What a handler returns is awaited,
 * and otherwise ignored. What it throws ends the stream.
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
  // By names that only the descriptor knows; `EventHandlers` gave them their types.
  const table = handlers as Readonly<Record<string, ((...args: unknown[]) => unknown) | undefined>>;
  for await (const message of stream) {
    const event = Object.values(message).find(isOneof);
    const handler = event?.case === undefined ? undefined : table[event.case];
    await (handler ? handler.call(handlers, event?.value, message) : table["otherwise"]?.(message));
  }
}

function isOneof(value: unknown): value is { readonly case: string | undefined; readonly value?: unknown } {
  return typeof value === "object" && value !== null && "case" in value;
}
