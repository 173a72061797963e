import type { EventStream, JsonValue, StreamOptions, StreamRule } from "../client-json.js";
import { defineMethod, Transport } from "../client-json.js";

/** A stream of a method whose messages are any JSON, with the rule that a test needs. */
export function openStream(
  baseUrl: string,
  rule: StreamRule = {},
  options: StreamOptions = {},
): EventStream<JsonValue> {
  const method = defineMethod<Record<string, never>, JsonValue>("test.v1.Test.Watch", {
    bindings: [{ method: "GET", path: "/watch" }],
    stream: rule,
  });
  return new Transport({ baseUrl }).stream(method, {}, options);
}
