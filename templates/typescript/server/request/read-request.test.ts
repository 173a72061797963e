import { expect, test } from "vitest";
import { negotiate } from "./read-request.js";

const profile = "application/jsonl; profile=sse-1";
const offers = ["text/event-stream", profile, "application/jsonl"];

test.each<[string | null, string | undefined]>([
  [null, "text/event-stream"],
  ["", "text/event-stream"],
  ["*/*", "text/event-stream"],
  ["text/event-stream", "text/event-stream"],
  ["TEXT/Event-Stream", "text/event-stream"],
  ["text/*", "text/event-stream"],
  ["application/jsonl", "application/jsonl"],
  ["application/jsonl; charset=utf-8", "application/jsonl"],
  ["application/jsonl; profile=sse-2", "application/jsonl"],
  [profile, profile],
  ['Application/JSONL;profile="SSE-1"', profile],
  ["application/jsonl; charset=utf-8; profile=sse-1; q=0.5", profile],
  ["application/jsonl, application/jsonl;profile=sse-1", profile],
  ["application/jsonl, application/jsonl;profile=sse-1;q=0.9", "application/jsonl"],
  ["application/jsonl;profile=sse-1;q=0, application/jsonl", "application/jsonl"],
  ["application/json;profile=sse-1", undefined],
  ["application/*", "application/jsonl"],
  ["application/jsonl, */*", "text/event-stream"],
  ["application/jsonl, */*;q=0.1", "application/jsonl"],
  ["application/jsonl;q=0.5, text/event-stream;q=0.4", "application/jsonl"],
  ["text/event-stream;q=0, */*", "application/jsonl"],
  ["text/*;q=0, */*;q=0.1", "application/jsonl"],
  ["application/json, text/plain, */*", "text/event-stream"],
  ["text/event-stream; charset=utf-8", "text/event-stream"],
  ["application/jsonl;q=2", undefined],
  ["application/json", undefined],
  ["*/*;q=0", undefined],
  ["nonsense", undefined],
])("Accept: %s", (accept, type) => {
  expect(negotiate(accept, offers)).toBe(type);
});
