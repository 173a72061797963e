import { expect, test } from "vitest";
import { streamFormat } from "./connection.js";

test.each([
  ["text/event-stream", "sse"],
  ["text/event-stream; charset=utf-8", "sse"],
  ["text/event-stream;charset=utf-8", "sse"],
  [" Text/EVENT-Stream ;q", "sse"],
  ["application/jsonl", "jsonl"],
  ["application/x-jsonl", "jsonl"],
  ["application/ndjson", "jsonl"],
  ["application/x-ndjson; charset=utf-8", "jsonl"],
  ["application/json", undefined],
  ["application/jsonl2", undefined],
  ["text/event-streaming", undefined],
  ["text/plain, text/event-stream", undefined],
  ["text/event-stream, text/plain", undefined],
  ["", undefined],
  [null, undefined],
])("%j is %s", (contentType, format) => {
  expect(streamFormat(contentType)).toBe(format);
});
