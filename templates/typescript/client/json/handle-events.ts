import { hasOwn } from "../../shared/json.js";

/** The members of a oneof that are messages: those whose handlers cannot be left out. */
type MessageKeys<T> = { [K in keyof T]-?: NonNullable<T[K]> extends object ? K : never }[keyof T];

type Handlers<T> = { [K in keyof T]-?: (value: NonNullable<T[K]>, message: T) => unknown };

/**
 * A handler for each event of a stream: each member of the oneof in its message `T`. That of a scalar may be left
 * out, since the JSON type does not tell it from the event's id.
 */
export type EventHandlers<T> = Pick<Handlers<T>, MessageKeys<T>> & Partial<Handlers<T>>;

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
  // By names that only the declaration knows; `EventHandlers` gave them their types.
  const table = handlers as Readonly<Record<string, ((...args: unknown[]) => unknown) | undefined>>;
  for await (const message of stream) {
    // The names come from the server: `constructor` is no handler.
    const event = Object.entries(message).find(([name]) => hasOwn(table, name));
    await (event ? table[event[0]]?.(event[1], message) : table["otherwise"]?.(message));
  }
}
