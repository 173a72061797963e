/** A path template in the grammar of google/api/http.proto, parsed. */
export interface PathTemplate {
  /** As written, base path included. */
  readonly text: string;
  readonly segments: readonly Segment[];
  /** What follows the last `:`, without it; undefined for none. */
  readonly verb: string | undefined;
  readonly variables: readonly TemplateVariable[];
}

export type Segment =
  | { readonly kind: "literal"; readonly value: string }
  | { readonly kind: "any" } // `*`, one segment
  | { readonly kind: "rest" }; // `**`, any number of segments

export interface TemplateVariable {
  /** Proto field names, outermost first. */
  readonly fieldPath: readonly [string, ...string[]];
  /** Index of the variable's first segment. */
  readonly start: number;
  /** Index after its last segment. */
  readonly end: number;
  /** Offset of its first character after `{` in `text`. */
  readonly offset: number;
}

/** Where a text stops being a path template. */
export class PathSyntaxError extends Error {
  override readonly name: string = "PathSyntaxError";
  /** Index of the character in the text. The message counts columns from 1. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/**
 * Parses a path template:
 *
 *     Template = "/" [ Segments [ ":" LITERAL ] ]
 *     Segments = Segment { "/" Segment }
 *     Segment  = "*" | "**" | LITERAL | Variable
 *     Variable = "{" IDENT { "." IDENT } [ "=" Segments ] "}"
 *
 * as in google/api/http.proto, with three differences: a variable holds no variable, which
 * implementations treat differently; `**` occurs once, but anywhere, since it is then still decided from
 * both ends; and the path `/` alone is one. A LITERAL is of the characters that a URL's segment may hold
 * (RFC 3986, section 3.3) without `:` and `*`, as both stand for something, and never `.` or `..`, which no
 * URL keeps. Throws PathSyntaxError at the first character that does not fit.
 */
export function parsePathTemplate(text: string): PathTemplate {
  return new Parser(text).template();
}

/** Unreserved characters, `sub-delims` without `*`, and `@`; escapes apart. */
const LITERAL_CHARACTER = /[A-Za-z0-9._~!$&'()+,;=@-]/;

class Parser {
  readonly #text: string;
  #at = 0;
  #inVariable = false;
  readonly #segments: Segment[] = [];
  readonly #variables: TemplateVariable[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  template(): PathTemplate {
    this.#expect("/", `a path must start with "/"`);
    let verb: string | undefined;
    if (this.#at < this.#text.length) {
      do {
        this.#segment();
      } while (this.#take("/"));
      if (this.#take(":")) {
        verb = this.#literal(`a name after ":"`);
      }
      if (this.#at < this.#text.length) {
        throw this.#unexpected(
          verb === undefined ? `expected "/" or ":name" after a segment` : `nothing can follow ":name"`,
        );
      }
    }
    return { text: this.#text, segments: this.#segments, verb, variables: this.#variables };
  }

  #segment(): void {
    if (this.#take("{")) {
      this.#variable();
    } else {
      this.#plainSegment();
    }
  }

  #variable(): void {
    this.#inVariable = true;
    const offset = this.#at;
    const fieldPath: [string, ...string[]] = [this.#fieldName()];
    while (this.#take(".")) {
      fieldPath.push(this.#fieldName());
    }
    const start = this.#segments.length;
    if (this.#take("=")) {
      do {
        this.#plainSegment();
      } while (this.#take("/"));
    } else {
      this.#segments.push({ kind: "any" });
    }
    this.#expect("}", `write a variable as "{field}" or "{field=segments}"`);
    this.#variables.push({ fieldPath, start, end: this.#segments.length, offset });
    this.#inVariable = false;
  }

  #plainSegment(): void {
    const start = this.#at;
    if (this.#take("**")) {
      if (this.#segments.some(({ kind }) => kind === "rest")) {
        throw new PathSyntaxError(`a second "**" at column ${start + 1}: a path can have only one`, start);
      }
      this.#segments.push({ kind: "rest" });
    } else if (this.#take("*")) {
      this.#segments.push({ kind: "any" });
    } else {
      this.#segments.push({ kind: "literal", value: this.#literal("a segment") });
    }
  }

  #literal(what: string): string {
    const start = this.#at;
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charAt(this.#at);
      if (character === "%") {
        this.#escape();
      } else if (!LITERAL_CHARACTER.test(character)) {
        break;
      }
    }
    const literal = this.#text.slice(start, this.#at);
    if (literal === "") {
      throw this.#unexpected(`${what} is missing`);
    }
    const decoded = decode(literal);
    if (decoded === undefined) {
      throw new PathSyntaxError(`"${literal}" at column ${start + 1} is not percent-encoded UTF-8`, start);
    }
    if (decoded === "." || decoded === "..") {
      throw new PathSyntaxError(`segment "${literal}" at column ${start + 1}: URLs drop such segments`, start);
    }
    return literal;
  }

  #escape(): void {
    if (!/^%[0-9A-Fa-f]{2}$/.test(this.#text.slice(this.#at, this.#at + 3))) {
      throw this.#unexpected(`expected two hexadecimal digits after "%"; write "%25" for a literal "%"`);
    }
    this.#at += 2;
  }

  #fieldName(): string {
    const start = this.#at;
    while (/[A-Za-z0-9_]/.test(this.#text.charAt(this.#at))) {
      this.#at++;
    }
    const name = this.#text.slice(start, this.#at);
    if (/^[A-Za-z_]/.test(name)) {
      return name;
    }
    this.#at = start;
    throw this.#unexpected("a variable must start with a field name");
  }

  #take(token: string): boolean {
    const taken = this.#text.startsWith(token, this.#at);
    if (taken) {
      this.#at += token.length;
    }
    return taken;
  }

  #expect(character: string, rule: string): void {
    if (!this.#take(character)) {
      throw this.#unexpected(rule);
    }
  }

  #unexpected(rule: string): PathSyntaxError {
    // By code point, of which the first two units hold one at least.
    const [character] = this.#text.slice(this.#at, this.#at + 2);
    return character === undefined
      ? new PathSyntaxError(`unexpected end: ${rule}`, this.#at)
      : new PathSyntaxError(
          `unexpected "${character}" at column ${this.#at + 1}: ${this.#advice(character) ?? rule}`,
          this.#at,
        );
  }

  /** What to write instead of a character that is wrong anywhere in a segment. */
  #advice(character: string): string | undefined {
    if (character === "?" || character === "#") {
      return "a path cannot have a query or a fragment";
    }
    if (character === "*") {
      return "a wildcard must be a whole segment";
    }
    if (character === "{") {
      return this.#inVariable ? "variables cannot be nested" : "a variable must be a whole segment";
    }
    if (/^[/:}%\ud800-\udfff]$/.test(character) || LITERAL_CHARACTER.test(character)) {
      return undefined;
    }
    return `write "${encodeURIComponent(character)}"`;
  }
}

function decode(literal: string): string | undefined {
  try {
    return decodeURIComponent(literal);
  } catch {
    return undefined;
  }
}
