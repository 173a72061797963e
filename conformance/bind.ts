/** The rows of bind.json: a request as JSON, and the HTTP request that carries it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Ability } from "./cases.js";
import type { Attempt } from "./scripted-server.js";

export interface BindRow {
  /** What a client must have for this row, as in `Case`. */
  readonly needs?: readonly Ability[];
  readonly method: string;
  /** The request message as ProtoJSON. */
  readonly request: unknown;
  readonly verb: string;
  readonly url: string;
  /** The body as JSON; absent if there is none. */
  readonly body?: unknown;
}

export const bindFile: string = join(import.meta.dirname, "bind.json");

export function readRows(): readonly BindRow[] {
  return JSON.parse(readFileSync(bindFile, "utf8"));
}

/** Throws unless a client sent what a row says. */
export function judgeRow({ request, verb, url, body }: BindRow, attempts: readonly Attempt[]): void {
  const [attempt] = attempts;
  const got = {
    requests: attempts.length,
    verb: attempt?.method,
    url: normalUrl(attempt?.url ?? ""),
    body: attempt?.body && normalJson(attempt.body),
  };
  const wanted = {
    requests: 1,
    verb,
    url: normalUrl(url),
    body: body === undefined ? "" : normalJson(JSON.stringify(body)),
  };
  expect(got, JSON.stringify(request)).toEqual(wanted);
}

/**
 * What two URLs have in common if servers read the same message from them: the order of parameters with different names
 * does not matter, nor how a number is written, nor which of the characters are escaped that need not be.
 */
function normalUrl(url: string): unknown {
  const [path = "", query = ""] = url.split("?");
  const parameters = query.split("&").map((parameter) => {
    const [name = "", value = ""] = parameter.replaceAll("+", "%20").split("=");
    return [normalText(name), normalNumber(normalText(value))] as const;
  });
  return {
    path: path.split("/").map((segment) => normalNumber(normalText(segment))),
    query: parameters.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  };
}

function normalText(text: string): string {
  return text.replace(/%(2[1789a]|[0-9a-f]{2})/gi, (encoded, hex: string) =>
    /^2[1789a]$/i.test(hex) ? decodeURIComponent(encoded) : encoded.toUpperCase(),
  );
}

function normalJson(json: string): unknown {
  return JSON.parse(json, (_key, part) => (Object.is(part, -0) ? 0 : part));
}

/** Languages write the same number as `1`, `1.0` and `1e0`. Integers beyond 2^53 stay text. */
function normalNumber(text: string): string {
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) && !/^-?\d{16,}$/.test(text) ? String(Number(text)) : text;
}
