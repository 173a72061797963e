import type { AnyDesc, DescFile } from "@bufbuild/protobuf";
import leven from "leven";
import { fileOf, locationsAt, sourcePath } from "./source-info.js";

/**
 * Where in a proto something stands: a declaration, and within it the path of field numbers to an
 * option, as in SourceCodeInfo.Location (google/protobuf/descriptor.proto).
 */
export interface Place {
  readonly desc: AnyDesc;
  readonly option?: readonly number[];
  /** A character of the option's string value, for a column inside it. */
  readonly within?: { readonly text: string; readonly offset: number };
}

interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** All that is wrong with the protos of one run. Finding one never ends the search for more. */
export class Problems {
  readonly #errors: Finding[] = [];
  readonly #warnings: Finding[] = [];

  /** A mistake: nothing is generated. The message says what is wrong and what to write instead. */
  error(place: Place, message: string): void {
    this.#errors.push(finding(place, message));
  }

  /** Something to know about: printed, and no obstacle unless warnings are strict. */
  warn(place: Place, message: string): void {
    this.#warnings.push(finding(place, message));
  }

  get hasErrors(): boolean {
    return this.#errors.length > 0;
  }

  /** The lines of the errors, sorted by place, each once. With `strict`, warnings among them; with `file`, of it alone. */
  errors({ strict, file }: { strict: boolean; file?: DescFile }): string[] {
    const errors = strict ? [...this.#errors, ...this.#warnings] : this.#errors;
    return lines(file === undefined ? errors : errors.filter((error) => error.file === `${file.name}.proto`));
  }

  warnings(): string[] {
    return lines(this.#warnings);
  }
}

/** ` (did you mean "symbol"?)` when one of the names is close to what was got, else nothing. */
export function didYouMean(got: string, names: Iterable<string>): string {
  const close = [...names]
    .map((name) => ({ name, distance: leven(got.toLowerCase(), name.toLowerCase()) }))
    .filter(
      ({ name, distance }) => distance < Math.min(got.length, name.length) && distance <= Math.ceil(name.length / 3),
    )
    .sort((a, b) => a.distance - b.distance)[0];
  return close === undefined ? "" : ` (did you mean "${close.name}"?)`;
}

function lines(findings: Finding[]): string[] {
  const sorted = [...findings].sort(
    (a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.text, b.text),
  );
  return [...new Set(sorted.map((f) => `${f.file}${f.line > 0 ? `:${f.line}:${f.column}` : ""}: ${f.text}`))];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function finding(place: Place, message: string): Finding {
  const { desc } = place;
  const file = fileOf(desc);
  const subject = desc.kind === "file" ? "" : `${desc}: `;
  return { file: `${file.name}.proto`, ...locate(file, place), text: subject + message };
}

/** One-based line and column; zeros when the compiler sent no source info. */
function locate(file: DescFile, place: Place): { line: number; column: number } {
  const path = [...sourcePath(place.desc), ...(place.option ?? [])];
  // buf knows the place of every value in an option, protoc that of the option: walk up to what is known.
  for (let length = path.length; length >= 0; length--) {
    const spans = spansAt(file, path.slice(0, length));
    const [line = 0, column = 0, end = 0] = spans[0] ?? [];
    if (spans[0] === undefined || spans[0].length === 0) {
      continue;
    }
    const isWhole = length === path.length && spans[0].length === 3; // on one line
    const inside = isWhole && place.within ? columnWithin(file, path, place.within, [line, column, end]) : undefined;
    return { line: line + 1, column: (inside ?? column) + 1 };
  }
  return { line: 0, column: 0 };
}

/** The column of a character of a string literal that ends the span `get: "/v1/{id}"` or `option (…).get = "/v1/{id}";`. */
function columnWithin(
  file: DescFile,
  path: readonly number[],
  { text, offset }: { text: string; offset: number },
  [line, start, end]: [number, number, number],
): number | undefined {
  const isStatement = path.some((_, i) =>
    spansAt(file, path.slice(0, i)).some((span) => span[0] === line && span[1] === start && span[2] === end),
  );
  const first = end - (isStatement ? 2 : 1) - text.length;
  return first > start ? first + offset : undefined; // else it has escapes, or several parts
}

function spansAt(file: DescFile, path: readonly number[]): number[][] {
  return locationsAt(file, path).map(({ span }) => span);
}
