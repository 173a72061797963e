/** The client of Anthropic. */
import { MessagesServiceClient } from "../gen/anthropic/v1/messages_client.js";
import { Code, type ReadError } from "../gen/sse/runtime/client.js";
import type { ApiOptions } from "./providers.js";

export function createAnthropic({ apiKey, baseUrl = "https://api.anthropic.com" }: ApiOptions): MessagesServiceClient {
  return new MessagesServiceClient({
    baseUrl,
    headers: { "x-api-key": apiKey, "anthropic-version": "2023-06-01" },
    requireEnd: true, // an answer without `message_stop` was cut
    readError,
  });
}

/** The codes of all errors, since the HTTP status of an error event is 200. */
const codes: Readonly<Record<string, Code>> = {
  invalid_request_error: Code.InvalidArgument,
  authentication_error: Code.Unauthenticated,
  billing_error: Code.FailedPrecondition,
  permission_error: Code.PermissionDenied,
  not_found_error: Code.NotFound,
  request_too_large: Code.InvalidArgument,
  rate_limit_error: Code.ResourceExhausted,
  api_error: Code.Internal,
  timeout_error: Code.DeadlineExceeded,
  overloaded_error: Code.Unavailable,
};

/** https://platform.claude.com/docs/en/api/errors */
const readError: ReadError = (body) => {
  const { error } = Object(body) as { error?: { type: string; message: string } };
  return (
    error && {
      message: error.message,
      statusCode: codes[error.type],
      details: [{ "@type": "type.googleapis.com/anthropic.v1.Error", ...error }],
    }
  );
};
