/** An invalid field of a request, for a `google.rpc.BadRequest`. */
export interface FieldViolation {
  /**
   * The path of proto field names: `book.tags[2]`, `labels["env"]`. The parameter's name if there is no such field;
   * empty for the whole request.
   */
  readonly field: string;
  readonly description: string;
}

/** A request that does not match its message: 400, with the violations of its fields. */
export class BindError extends Error {
  override readonly name: string = "BindError";
  readonly violations: readonly FieldViolation[];

  constructor(violations: readonly FieldViolation[]) {
    super(violations.map(({ field, description }) => (field && `${field}: `) + description).join("; "));
    this.violations = violations;
  }
}

// More violations would not help the sender.
const ENOUGH = 16;

/** Collects the violations of a request, so that one response reports all of them. */
export class Violations {
  readonly #found: FieldViolation[] = [];

  /** Throws BindError when there are enough of them. */
  add(field: string, description: string): void {
    this.#found.push({ field, description });
    if (this.#found.length === ENOUGH) {
      this.throwIfAny();
    }
  }

  /** Throws BindError when there are any. */
  throwIfAny(): void {
    if (this.#found.length > 0) {
      throw new BindError(this.#found);
    }
  }
}

/** A text of a client in quotes, shortened if it is long. */
export function quote(text: string): string {
  return text.length > 60 ? `"${text.slice(0, 60)}…"` : `"${text}"`;
}

/** The error of a body that is not UTF-8. */
export function notUtf8(): BindError {
  return new BindError([{ field: "", description: "the body is not UTF-8" }]);
}
