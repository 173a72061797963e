import type { Message } from "@bufbuild/protobuf";
import { toHeaders } from "../errors/responses.js";
import type { Call, ServerParts } from "./call.js";
import type { UnaryContext } from "./context.js";
import type { Endpoint } from "./endpoint.js";
import { toUnaryBody } from "./unary-body.js";

/** Answers a unary call. Never rejects. */
export async function answerUnary<C>(
  { json, handle }: ServerParts<C>,
  call: Call,
  { method: { desc }, responseBody }: Endpoint<C>,
  message: Message,
  context: UnaryContext<C>,
): Promise<Response> {
  try {
    const response = await call.run(() => handle({ kind: "unary", method: desc, message, context }));
    if (response.kind !== "unary") {
      throw new TypeError(`interceptor answered the unary method ${desc.name} with a stream`);
    }
    const { contentType, body } = toUnaryBody(desc.output, response.message, responseBody, json);
    return call.respond(200, toHeaders(context.responseHeaders, { "Content-Type": contentType }), body);
  } catch (error) {
    return call.fail(error, context.responseHeaders);
  }
}
