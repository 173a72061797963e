/** A server for the fake APIs, on node:http, so that each answer is sent byte for byte. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface FakeRequest {
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** An answer: the parts of a stream, or an error as JSON. */
export type Answer = Iterable<string> | { readonly status: number; readonly json: unknown };

export interface FakeApi {
  readonly url: string;
  /** The requests so far. */
  readonly requests: readonly FakeRequest[];
  /** How many streams are open: the client reads them, and did not cancel. */
  readonly streams: number;
  close(): Promise<void>;
}

/** Starts a server on a free port of this machine. It waits `delayMs` before each part of a stream. */
export async function startFake(answer: (request: FakeRequest) => Answer, delayMs = 0): Promise<FakeApi> {
  const requests: FakeRequest[] = [];
  let streams = 0;
  const server = createServer(async (message, response) => {
    let text = "";
    for await (const chunk of message.setEncoding("utf8")) {
      text += chunk;
    }
    const request = { url: message.url ?? "", headers: message.headers, body: JSON.parse(text) };
    requests.push(request);
    const parts = answer(request);
    if ("json" in parts) {
      response.writeHead(parts.status, { "content-type": "application/json" }).end(JSON.stringify(parts.json));
      return;
    }
    streams++;
    response.on("close", () => streams--);
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    for (const part of parts) {
      await sleep(delayMs);
      if (response.closed) {
        return;
      }
      response.write(part);
    }
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // of a TCP server
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get streams() {
      return streams;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The words of a text, each with the space before it. */
export function words(text: string): string[] {
  return text.split(/(?= )/);
}

/** Words without an end, for an answer that the reader has to stop. */
export function* story(): Generator<string> {
  for (let chapter = 1; ; chapter++) {
    yield* words(` Chapter ${chapter}. The stream went on and on.`);
  }
}
