/** An error with its cause. */
interface Caused {
  readonly cause?: unknown;
}

/** `Error` with its `cause`, which is part of ES2022, for projects with an older `lib`. */
export const CausedError: new (message?: string, options?: Caused) => Error & Caused = Error;

/** The `cause` of an error; undefined for anything else. */
export function causeOf(error: unknown): unknown {
  return error instanceof Error ? (error as Caused).cause : undefined;
}
