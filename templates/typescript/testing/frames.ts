import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createFlag, type Flag } from "./flag.js";
import { type Received, startServer, type TestServer } from "./http-server.js";

/** One response of a server of frames. */
export interface FrameResponse {
  readonly request: Received;
  /** 1 is the first request. */
  readonly number: number;
  /** Sends the head, once, and a part of the body. Resolves when the kernel has taken it. */
  send(frames: string | Uint8Array): Promise<void>;
  /** Ends the body in good order. */
  end(frames?: string): void;
  /** Breaks the connection. */
  cut(): void;
  /** Resolves when the connection is gone, or the response is complete. */
  readonly closed: Promise<unknown>;
  /** The response of node:http, for what the rest does not do. */
  readonly raw: ServerResponse;
}

export interface FrameServer extends TestServer {
  /** The response to a request, by its number; it is waited for. */
  response(number: number): Promise<FrameResponse>;
}

/** Starts a server that answers each request with the frames of a test, byte for byte. */
export async function startFrameServer(
  answer: (response: FrameResponse) => unknown = () => {},
  contentType = "text/event-stream",
): Promise<FrameServer> {
  const responses: Flag<FrameResponse>[] = [];
  const at = (number: number): Flag<FrameResponse> => {
    while (responses.length < number) {
      responses.push(createFlag());
    }
    const flag = responses[number - 1];
    if (!flag) {
      throw new RangeError(`there is no request ${number}`);
    }
    return flag;
  };
  let number = 0;
  const server = await startServer((request, raw) => {
    number++;
    const closed = once(raw, "close");
    const head = (): void => {
      if (!raw.headersSent) {
        raw.writeHead(200, { "content-type": contentType });
      }
    };
    const response: FrameResponse = {
      request,
      number,
      raw,
      closed,
      send: (frames) => {
        head();
        raw.flushHeaders();
        return new Promise((resolve) => raw.write(frames, () => resolve()));
      },
      end: (frames = "") => {
        head();
        raw.end(frames);
      },
      cut: () => raw.destroy(),
    };
    at(number).raise(response);
    answer(response);
  });
  return { ...server, response: (number) => at(number).raised };
}
