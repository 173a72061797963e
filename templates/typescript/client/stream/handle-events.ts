/** Handles the events that have no handler of their own, and messages without an event. */
export interface Otherwise<T> {
  otherwise(message: T): unknown;
}

/**
 * Calls the handler of each event and waits for it. `find` returns the name of the handler and the value for it;
 * undefined: `otherwise` handles the message.
 */
export async function callHandlers<T extends object>(
  stream: AsyncIterable<T>,
  handlers: object,
  find: (message: T) => readonly [name: string, value: unknown] | undefined,
): Promise<void> {
  // The types of each kind of messages define the handlers.
  const table = handlers as Readonly<Record<string, ((...args: unknown[]) => unknown) | undefined>>;
  for await (const message of stream) {
    const [name, value] = find(message) ?? [];
    const handler = name === undefined ? undefined : table[name];
    await (handler ? handler.call(handlers, value, message) : table["otherwise"]?.(message));
  }
}
