/** What is wrong with one field of a request, for a `google.rpc.BadRequest`. */
export interface FieldViolation {
  /**
   * The path of proto field names that leads to it: `book.tags[2]`, `labels["env"]`. The parameter's name
   * where no field has it; empty for the request as a whole.
   */
  readonly field: string;
  readonly description: string;
}

/** A request that is not the message it should be: 400, with a violation a field. */
export class BindError extends Error {
  override readonly name: string = "BindError";
  readonly violations: readonly FieldViolation[];

  constructor(violations: readonly FieldViolation[]) {
    super(violations.map(({ field, description }) => (field && `${field}: `) + description).join("; "));
    this.violations = violations;
  }
}

// A request with more mistakes than these is no mistake, and its answer no help.
const ENOUGH = 16;

/** Gathers what is wrong with a request, so that its sender hears all of it at once. */
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

/** What a client sent, in quotes, and not all of it when it is long. */
export function quote(text: string): string {
  return text.length > 60 ? `"${text.slice(0, 60)}…"` : `"${text}"`;
}

/** The error of a body that is not UTF-8. */
export function notUtf8(): BindError {
  return new BindError([{ field: "", description: "the body is not UTF-8" }]);
}
