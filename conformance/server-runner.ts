/** Runs the cases of server.json: sends what they say, and judges what comes. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { type Exchange, type Protocol, type RawRequest, send } from "./exchange.js";
import { ExpectedBody } from "./expected-body.js";
import type { Continued, ServerCase, Then, Want, WantedExchange, WantedLine, WrittenRequest } from "./server-cases.js";
import type { Running } from "./servers.js";

interface Open {
  readonly call: string;
  readonly exchange: Exchange;
  readonly expected: ExpectedBody;
  /** What Content-Length says of the body. */
  readonly length?: number;
}

/** A server over a protocol, with the cases that it is judged by. */
export class Runner {
  readonly #server: Running;
  readonly #protocol: Protocol;
  /** The calls whose handler should run. */
  readonly #handled = new Set<string>();
  #calls = 0;
  #hasFailed = false;

  constructor(server: Running, protocol: Protocol) {
    this.#server = server;
    this.#protocol = protocol;
  }

  /** Throws unless the server does what a case wants. */
  async run({ exchanges }: ServerCase): Promise<void> {
    const open: (Open | undefined)[] = [];
    try {
      for (const step of exchanges) {
        if ("drain" in step) {
          this.#server.drain();
          open.push(undefined);
          continue;
        }
        const isNew = "request" in step;
        const exchange = isNew ? await this.#open(step) : open[step.continue];
        open.push(exchange);
        if (exchange === undefined) {
          throw new Error("there is no exchange to continue");
        }
        await this.#finish(exchange, step, !isNew || step.request.steps ? {} : null);
      }
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    } finally {
      for (const each of open) {
        each?.exchange.close();
      }
    }
  }

  /** After all cases: throws unless each handler ran that should, and once. A case that failed has been reported. */
  end(): void {
    if (this.#hasFailed) {
      return;
    }
    const lines = [...this.#server.lines].map(([call, lines]) => [call, lines.length]);
    expect(Object.fromEntries(lines)).toEqual(Object.fromEntries([...this.#handled].map((call) => [call, 1])));
  }

  async #open({ request, read, want = {} }: WantedExchange): Promise<Open> {
    const call = `${++this.#calls} ${request.path}`;
    const exchange = send(this.#server.url, this.#protocol, toRequest(request, call));
    try {
      const head = want.status === 0 ? undefined : await exchange.head;
      const { "content-length": length, ...headers } = head?.headers ?? {};
      if (head) {
        expect({ status: head.status, headers }).toEqual(headOf(want));
      }
      if (read === "late") {
        await this.#server.lineOf(call);
      } else if (read) {
        await sleep(read.afterMs);
      }
      const expected = new ExpectedBody();
      return {
        call,
        exchange,
        expected,
        ...(length !== undefined && request.method !== "HEAD" && { length: Number(length) }),
      };
    } catch (error) {
      exchange.close();
      throw error;
    }
  }

  /** Reads the body, and what the driver prints unless the exchange stays open. `line` is wanted by default. */
  async #finish(
    { call, exchange, expected, length }: Open,
    { then = "end", want = {} }: WantedExchange | Continued,
    line: WantedLine | null,
  ): Promise<void> {
    const { body = [], maxChunks = Number.POSITIVE_INFINITY, call: wanted = line } = want;
    expected.add(body);
    const { chunks, bytes } = await readBody(exchange, expected, then);
    expect(chunks, "chunks").toBeLessThanOrEqual(maxChunks);
    expect(length ?? bytes, "Content-Length").toBe(bytes);
    if (then === "leave") {
      exchange.leave();
    }
    if (then === "stay") {
      return;
    }
    if (wanted === null) {
      expect(this.#server.lines.get(call)).toBeUndefined();
      return;
    }
    this.#handled.add(call);
    const got = await this.#server.lineOf(call);
    const { minSent = 0, maxSent = Number.POSITIVE_INFINITY, ...named } = wanted;
    expect(toComparable(got)).toEqual({ ...toComparable(got), ...toComparable(named) });
    expect(got.sent ?? 0).toBeGreaterThanOrEqual(minSent);
    expect(got.sent ?? 0).toBeLessThanOrEqual(maxSent);
  }
}

/** Reads what a case wants of a body. */
async function readBody(exchange: Exchange, expected: ExpectedBody, then: Then) {
  let chunks = 0;
  let bytes = 0;
  while (then === "end" || then === "cut" || !expected.isComplete) {
    const next = exchange.next();
    if (then === "cut" && (await isRejected(next))) {
      break;
    }
    const chunk = await next;
    if (chunk === undefined) {
      expected.end();
      expect(then, "the body ends").toBe("end");
      break;
    }
    chunks++;
    bytes += chunk.length;
    if (then === "end" || !expected.isComplete) {
      expected.push(chunk);
    }
  }
  return { chunks, bytes };
}

function isRejected(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => false,
    () => true,
  );
}

/** What the runner sends. */
function toRequest(
  { method = "GET", path, headers = {}, steps, body, bodyBytes = 0, chunked = false }: WrittenRequest,
  call: string,
): RawRequest {
  const texts = steps?.map((step) => JSON.stringify(step));
  const inQuery = method === "GET" || method === "HEAD";
  const query = inQuery && texts ? texts.map((text) => `steps=${encodeURIComponent(text)}`).join("&") : "";
  const content = inQuery ? body : (body ?? (texts && { steps: texts }));
  const text = content === undefined || typeof content === "string" ? content : JSON.stringify(content);
  return {
    method,
    path: query ? `${path}${path.includes("?") ? "&" : "?"}${query}` : path,
    headers: {
      "conformance-call": call,
      ...(text !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(text !== undefined && { body: text.padEnd(bodyBytes) }),
    chunked,
  };
}

/** The head that a case wants: by default that of a stream for 200, and that of an error for 4xx and 5xx. */
function headOf({ status = 200, headers = {} }: Want) {
  const usual: Record<string, string> =
    status === 200
      ? {
          "content-type": "text/event-stream",
          "cache-control": "no-cache, no-transform",
          "x-accel-buffering": "no",
          vary: "Accept",
        }
      : { "cache-control": "no-store", ...(status >= 400 && { "content-type": "application/json" }) };
  const wanted = Object.entries({ ...usual, ...headers }).filter(([, value]) => value !== null);
  return { status, headers: Object.fromEntries(wanted) };
}

/** JSON has no -0, but what is read from a query may. */
function toComparable(json: unknown): object {
  return JSON.parse(JSON.stringify(json));
}
