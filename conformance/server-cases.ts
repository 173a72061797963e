/** The cases of server.json. README.md describes each property. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "./expected-body.js";

export interface ServerCase {
  readonly name: string;
  /** The options of the server. */
  readonly server: Readonly<Record<string, unknown>>;
  /** In order: each begins when the one before is over or stays open. */
  readonly exchanges: readonly (WantedExchange | Continued | Drain)[];
}

/** The server shuts down. */
export interface Drain {
  readonly drain: true;
}

/** Reads on in an exchange that stays open. */
export interface Continued {
  /** Its index. */
  readonly continue: number;
  readonly then?: Then;
  readonly want: Pick<Want, "body" | "maxChunks" | "call">;
}

export interface WantedExchange {
  readonly request: WrittenRequest;
  /** When the client reads the body: after so many milliseconds, or when the handler has ended. */
  readonly read?: { readonly afterMs: number } | "late";
  readonly then?: Then;
  readonly want?: Want;
}

/** `leave` and `stay`: what else is in the body does not matter. `cut`: the server breaks it off. */
export type Then = "end" | "leave" | "cut" | "stay";

export interface WrittenRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The steps of the handler: in the query of a GET or HEAD, else in the body. */
  readonly steps?: readonly unknown[];
  /** JSON, or text. */
  readonly body?: unknown;
  /** The size of the body, which spaces fill. */
  readonly bodyBytes?: number;
  readonly chunked?: boolean;
}

export interface Want {
  readonly status?: number;
  /** Besides those of the default; null for one of them that is absent. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: readonly Part[];
  readonly maxChunks?: number;
  /** What the driver prints: the named properties are compared. Null: nothing. */
  readonly call?: WantedLine | null;
}

/** What a driver prints of a call. */
export interface Line {
  readonly call: string;
  readonly method: string;
  readonly request: unknown;
  readonly lastEventId?: string;
  readonly ended: string | null;
  readonly sent?: number;
}

export interface WantedLine extends Partial<Omit<Line, "call" | "sent">> {
  readonly minSent?: number;
  readonly maxSent?: number;
}

/** The groups of cases, by name. `{"text": "x", "times": 3}` stands for `xxx`, and `{"each": {}, "times": 2}` in a list for `{}, {}`. */
export const groups: Readonly<Record<string, readonly ServerCase[]>> = JSON.parse(
  readFileSync(join(import.meta.dirname, "server.json"), "utf8"),
  (_key, value) => {
    if (Array.isArray(value)) {
      return value.flatMap((item) => (item?.each ? Array(item.times).fill(item.each) : [item]));
    }
    if (value?.name && !value.exchanges && value.request) {
      const { name, server = {}, ...exchange } = value;
      return { name, server, exchanges: [exchange] };
    }
    return value?.text !== undefined && value.times !== undefined ? value.text.repeat(value.times) : value;
  },
);
