import { expect } from "vitest";
import { interpretEventStream } from "../../templates/typescript/testing/sse-oracle.js";

/** The body of an answer that is a success. */
export async function readText(request: Request): Promise<string> {
  const response = await fetch(request);
  const text = await response.text();
  expect([response.status, response.status === 200 ? "" : text]).toEqual([200, ""]);
  return text;
}

/** An event as its lines have it. */
export interface WrittenEvent {
  readonly data: string;
  readonly [field: string]: unknown;
}

/** The events of a body as its lines have them: the fields that were written, and no others. */
export async function readEvents(request: Request): Promise<WrittenEvent[]> {
  const text = await readText(request);
  const events = text.split("\n\n").flatMap((block) => {
    const lines = block.split("\n").flatMap((line) => /^([^:]+): ?(.*)$/s.exec(line)?.slice(1, 3) ?? []);
    const fields = Object.fromEntries(lines.flatMap((field, i) => (i % 2 === 0 ? [[field, lines[i + 1]]] : [])));
    return "data" in fields ? [fields as WrittenEvent] : [];
  });
  const { events: standard } = interpretEventStream(new TextEncoder().encode(text));
  expect(events.map(({ event = "message", data }) => [event, data])).toEqual(standard.map((e) => [e.event, e.data]));
  return events.map(({ retry, ...event }) => (retry === undefined ? event : { ...event, retry: Number(retry) }));
}
