/** The format of a body, by its `Content-Type`, whose parameters do not count; undefined where it is no stream. */
export function streamFormat(contentType: string | null): "sse" | "jsonl" | undefined {
  const [, sse, jsonl] =
    /^\s*(?:(text\/event-stream)|(application\/(?:x-)?(?:jsonl|ndjson)))\s*(?:;|$)/i.exec(contentType ?? "") ?? [];
  return sse ? "sse" : jsonl ? "jsonl" : undefined;
}
