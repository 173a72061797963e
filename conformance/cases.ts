/** The cases of client.json, and how an answer of a driver is judged. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Attempt, Connection } from "./scripted-server.js";

/** The folders of the protos that the drivers are generated from. */
export const protos: readonly string[] = ["proto", "conformance/proto"];

/** What a client is asked to do, and what it should make of the server's answer. README.md describes each property. */
export interface Case {
  readonly name: string;
  /** What a client must have for this case. Others leave it out. */
  readonly needs?: readonly Ability[];
  readonly method?: string;
  readonly request?: unknown;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly connections: readonly Connection[];
  readonly want: Want;
}

/**
 * `messages`: events are decoded to messages, so that a wrong field is noticed. `enumNumbers`: messages keep the numbers
 * of enums that their proto does not declare. `deadlines`: the error of a deadline says where the call was.
 */
export type Ability = "messages" | "enumNumbers" | "deadlines";

interface Want {
  /** All events, in order. Of each, the named properties are compared. */
  readonly events?: readonly AnswerEvent[];
  /** Absent: no error. The named properties are compared. */
  readonly error?: Partial<AnswerError>;
  readonly cursor?: string;
  /**
   * The requests, in order. Text is the `Last-Event-ID`, and null none. Default: one request, with the cursor of the
   * options.
   */
  readonly attempts?: readonly (string | null | WantedAttempt)[];
}

interface WantedAttempt {
  readonly lastEventId?: string | null;
  readonly method?: string;
  readonly url?: string;
  /** A value of null: the header is absent. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: unknown;
  /** At least so long after the end of the connection before. */
  readonly gapMs?: number;
}

/** What a driver reads: a line. */
export interface Call {
  readonly name: string;
  readonly baseUrl: string;
  readonly method: string;
  readonly request: unknown;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a driver writes: a line. */
export interface Answer {
  readonly name: string;
  readonly events: readonly AnswerEvent[];
  readonly error?: AnswerError;
  /** The last event id when the call was over. */
  readonly cursor?: string;
}

/** An event, or the response of a unary call, which has a value only. */
interface AnswerEvent {
  readonly id?: string;
  readonly event?: string;
  readonly value: unknown;
}

interface AnswerError {
  readonly kind: string;
  readonly code: number;
  readonly status: number;
  readonly message: string;
  /** The types of the details. */
  readonly details: readonly string[];
  /** Which limit of time it was. */
  readonly timeout: string;
  readonly phase: string;
  readonly lastEventId: string;
  readonly attempt: number;
}

/** The groups of cases, by name. `{"text": "x", "times": 3}` stands for `xxx`, and `{"each": {}, "times": 2}` for `[{}, {}]`. */
export const groups: Readonly<Record<string, readonly Case[]>> = JSON.parse(
  readFileSync(join(import.meta.dirname, "client.json"), "utf8"),
  (_key, value) => {
    const { times, text, each } = value ?? {};
    return times === undefined ? value : (text?.repeat(times) ?? Array(times).fill(each));
  },
);

export function callOf(example: Case, baseUrl: string): Call {
  const { name, method = "Watch", request = { name: "a" }, options = {} } = example;
  return { name, baseUrl, method, request, options };
}

/** Throws unless an answer, and the requests before it, are what a case wants. */
export function judge({ options = {}, want }: Case, answer: Answer, attempts: readonly Attempt[]): void {
  const { events = [], error, cursor } = want;
  expect(answer.error, "error").toEqual(error && { ...answer.error, ...error });
  expect(answer.events, "events").toEqual(events.map((event, index) => ({ ...answer.events[index], ...event })));
  if ("cursor" in want) {
    expect(answer.cursor ?? null, "cursor").toBe(cursor);
  }
  const wanted = (want.attempts ?? [String(options["lastEventId"] ?? "") || null]).map((attempt) =>
    typeof attempt === "object" && attempt !== null ? attempt : { lastEventId: attempt },
  );
  expect(attempts.map(lastEventIdOf), "Last-Event-ID of each attempt").toEqual(
    wanted.map((attempt, index) => ("lastEventId" in attempt ? attempt.lastEventId : lastEventIdOf(attempts[index]))),
  );
  for (const [index, attempt] of wanted.entries()) {
    judgeAttempt(attempt, attempts[index]);
  }
}

function judgeAttempt({ method, url, headers = {}, body, gapMs = 0 }: WantedAttempt, got: Attempt | undefined): void {
  const names = Object.keys(headers);
  expect({
    method: method && got?.method,
    url: url && got?.url,
    headers: Object.fromEntries(names.map((name) => [name, got?.headers[name] ?? null])),
    body: body === undefined ? undefined : JSON.parse(got?.body ?? ""),
  }).toEqual({ method, url, headers, body });
  expect(got?.gapMs).toBeGreaterThanOrEqual(gapMs);
}

function lastEventIdOf(attempt: Attempt | undefined): string | null {
  const value = attempt?.headers["last-event-id"];
  // Node reads the bytes of a header as Latin-1.
  return value === undefined ? null : Buffer.from(String(value), "latin1").toString();
}
