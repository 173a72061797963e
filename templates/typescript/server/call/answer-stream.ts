import { Code } from "../../shared/code.js";
import { StatusError } from "../errors/status-error.js";
import { EventBody } from "../stream/event-body.js";
import type { EventEncoder } from "../stream/event-encoder.js";
import type { Call } from "./call.js";
import type { Next, StreamRequest } from "./interceptor.js";
import type { ServiceMethod } from "./service.js";

/** The format depends on the `Accept` header. */
const vary = { Vary: "Accept" };

/** Answers a call with a stream. Never rejects. */
export async function answerStream<C>(
  call: Call,
  { desc, http }: ServiceMethod<C>,
  encoder: EventEncoder,
  request: StreamRequest<C>,
  handle: Next<C>,
  commitWindowMs: number,
): Promise<Response> {
  const { lastEventId } = request.context;
  const rule = http.stream ?? {};
  if (Object.values(rule.events ?? {}).some(({ terminal }) => terminal)) {
    call.terminal = false;
  }

  async function start(): Promise<unknown> {
    const response = await handle(request);
    if (response.kind !== "stream") {
      throw new TypeError(`interceptor answered the stream ${desc.name} with a message`);
    }
    return response.events;
  }

  const body = new EventBody(call, start(), encoder, desc.output, rule.retryMs);
  await body.open(commitWindowMs);
  if (body.failure) {
    const { error } = body.failure;
    // If the server cannot resume after the client's cursor, the status is 410 instead of the 400 of the code.
    const isCursorLost =
      lastEventId !== undefined && error instanceof StatusError && error.code === Code.OutOfRange && !error.status;
    return call.fail(error, isCursorLost ? 410 : undefined, vary);
  }
  if (body.isEmpty && lastEventId !== undefined) {
    // EventSource stops after a 204 (WHATWG HTML 9.2.3). After a body that ends, it reconnects.
    return call.respond(204, { ...vary, "Cache-Control": "no-store" });
  }
  const headers = {
    ...vary,
    "Content-Type": encoder.contentType,
    // Compression can hold events back. `no-transform` prevents it.
    "Cache-Control": "no-cache, no-transform",
    // nginx holds the head until it has 4 KiB.
    "X-Accel-Buffering": "no",
  };
  if (call.request.method === "HEAD") {
    body.discard();
    return call.respond(200, headers);
  }
  return call.respondWithStream(body.toReadableStream(), headers);
}
