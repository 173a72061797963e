/** The client of Gemini, generated from Google's own proto. */
import { GenerativeServiceClient } from "../gen/google/ai/generativelanguage/v1beta/generative_service_client.js";
import type { ApiOptions } from "./providers.js";

export function createGemini({
  apiKey,
  baseUrl = "https://generativelanguage.googleapis.com",
}: ApiOptions): GenerativeServiceClient {
  return new GenerativeServiceClient({
    baseUrl,
    headers: { "x-goog-api-key": apiKey },
    query: { alt: "sse" }, // without it, the answer is an array of JSON
    errorField: "error", // a failure inside a stream: `data: {"error": …}`
  });
}
