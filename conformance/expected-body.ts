/** The body that a case wants, compared with what comes, as it comes. */
import { deepStrictEqual } from "node:assert";

/**
 * Text is compared byte for byte. So are events, but for their data, which is compared as JSON if it is no text: it is one
 * line in any case.
 */
export type Part =
  | string
  | { readonly id?: string; readonly event?: string; readonly data: unknown; readonly contains?: string }
  /** An event with a Status whose message may be any but empty. */
  | { readonly event: string; readonly error: WantedStatus }
  /** A line of JSON. */
  | { readonly line: unknown }
  /** A `retry:` line with a number of milliseconds from the first to the second. */
  | { readonly retry: readonly [number, number] }
  /** The whole body, as JSON. */
  | { readonly json: unknown }
  /** The whole body is a Status. Its message may be any but empty. */
  | { readonly error: WantedStatus };

interface WantedStatus {
  readonly code: number;
  /** The fields that a google.rpc.BadRequest names, the only detail. */
  readonly fields?: readonly string[];
}

type EventPart = Extract<Part, { readonly data: unknown } | { readonly event: string }>;

type WholePart = Exclude<Part, string | EventPart | { readonly line: unknown } | { readonly retry: unknown }>;

function isWhole(part: Part): part is WholePart {
  return typeof part === "object" && ("json" in part || ("error" in part && !("event" in part)));
}

export class ExpectedBody {
  #parts: readonly Part[] = [];
  #next = 0;
  #unread: Buffer = Buffer.alloc(0);

  /** Adds what should come next. */
  add(parts: readonly Part[]): void {
    this.#parts = [...this.#parts, ...parts];
    this.push(Buffer.alloc(0));
  }

  /** Whether all parts have come. A part that is the whole body comes with its end. */
  get isComplete(): boolean {
    return this.#next === this.#parts.length;
  }

  /** Adds what came. Throws if it is not what should come. */
  push(chunk: Buffer): void {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    for (let part = this.#parts[this.#next]; part !== undefined; part = this.#parts[this.#next]) {
      const length = this.#match(part);
      if (length === undefined) {
        return;
      }
      this.#unread = this.#unread.subarray(length);
      this.#next++;
    }
  }

  /** The body has ended. Throws unless all has come, and nothing else. */
  end(): void {
    const part = this.#parts[this.#next];
    if (part !== undefined && isWhole(part)) {
      const json: unknown = parse(this.#unread.toString());
      if ("json" in part) {
        deepStrictEqual(json, part.json);
      } else {
        matchStatus(json, part.error);
      }
      this.#unread = Buffer.alloc(0);
      this.#next++;
    }
    if (!this.isComplete || this.#unread.length > 0) {
      this.#fail(part ?? "the end");
    }
  }

  /** The number of bytes of a part; undefined if there is not enough yet. */
  #match(part: Part): number | undefined {
    if (typeof part === "string") {
      const want = Buffer.from(part);
      const got = this.#unread.subarray(0, want.length);
      if (!want.subarray(0, got.length).equals(got)) {
        this.#fail(part);
      }
      return got.length === want.length ? want.length : undefined;
    }
    if (isWhole(part)) {
      return undefined;
    }
    const end = "line" in part || "retry" in part ? "\n" : "\n\n";
    const at = this.#unread.indexOf(end);
    if (at < 0) {
      return undefined;
    }
    const text = this.#unread.toString("utf8", 0, at);
    if ("retry" in part) {
      const delay = Number(/^retry: (\d+)$/.exec(text)?.[1]);
      if (!(delay >= part.retry[0] && delay <= part.retry[1])) {
        this.#fail(part);
      }
    } else if ("line" in part) {
      deepStrictEqual(parse(text), part.line);
    } else {
      this.#matchEvent(part, text);
    }
    return at + end.length;
  }

  #matchEvent(part: EventPart, text: string): void {
    const { id, event, contains = "" } = "data" in part ? part : { event: part.event };
    const head = [
      ...(id === undefined ? [] : [`id: ${id}\n`]),
      ...(event === undefined ? [] : [`event: ${event}\n`]),
      "data: ",
    ].join("");
    const line = text.slice(head.length);
    if (!text.startsWith(head) || /[\r\n]/.test(line) || !line.includes(contains)) {
      this.#fail(part);
    }
    if ("error" in part) {
      matchStatus(parse(line), part.error);
    } else {
      deepStrictEqual(typeof part.data === "string" ? line : parse(line), part.data);
    }
  }

  #fail(want: unknown): never {
    const got = this.#unread.toString("utf8", 0, 1000);
    throw new Error(
      `part ${this.#next} of the body is not ${JSON.stringify(want)?.slice(0, 1000)}: ${JSON.stringify(got)}`,
    );
  }
}

function matchStatus(json: unknown, { code, fields }: WantedStatus): void {
  const got = json as {
    code: number;
    message: string;
    details?: { fieldViolations: { field: string; description: string }[] }[];
  };
  const texts = [
    got.message,
    ...(got.details ?? []).flatMap((detail) => detail.fieldViolations.map((v) => v.description)),
  ];
  if (texts.some((text) => typeof text !== "string" || text === "")) {
    throw new Error(`a text of the status is empty: ${JSON.stringify(json)}`);
  }
  const details = got.details?.map((detail) => ({
    ...detail,
    fieldViolations: detail.fieldViolations.map((violation) => ({ ...violation, description: "any" })),
  }));
  const wanted = fields && [
    {
      "@type": "type.googleapis.com/google.rpc.BadRequest",
      fieldViolations: fields.map((field) => ({ field, description: "any" })),
    },
  ];
  deepStrictEqual({ ...got, message: "any", details }, { code, message: "any", details: wanted });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`not JSON: ${JSON.stringify(text.slice(0, 1000))}`);
  }
}
