/** The format of a body, by its `Content-Type`, whose parameters do not count; undefined where it is no stream. */
export function streamFormat(contentType: string | null): "sse" | "jsonl" | undefined {
  const [, sse, jsonl] =
    /^\s*(?:(text\/event-stream)|(application\/(?:x-)?(?:jsonl|ndjson)))\s*(?:;|$)/i.exec(contentType ?? "") ?? [];
  return sse ? "sse" : jsonl ? "jsonl" : undefined;
}

/** Whether a body of JSON Lines has empty lines and `{"@end":{}}` as control frames, which its `Content-Type` tells. */
export function hasControlFrames(contentType: string | null): boolean {
  return streamFormat(contentType) === "jsonl" && /;\s*profile="?sse-1"?\s*(;|$)/i.test(contentType ?? "");
}
