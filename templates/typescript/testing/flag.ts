/** A promise that a test resolves: what a handler reached, or waits for. */
export interface Flag<T = void> {
  readonly raised: Promise<T>;
  raise(value: T): void;
}

export function createFlag<T = void>(): Flag<T> {
  let raise: (value: T) => void = () => {};
  const raised = new Promise<T>((resolve) => {
    raise = resolve;
  });
  return { raised, raise: (value) => raise(value) };
}
