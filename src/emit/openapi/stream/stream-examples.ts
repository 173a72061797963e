import type { DescField } from "@bufbuild/protobuf";
import type { Method, Stream } from "../../../model/model.js";
import type { Context } from "../context.js";
import type { ExampleObject, JsonValue } from "../objects.js";
import { asParsed } from "./event-schema.js";
import { exampleField, exampleMessage } from "./example-value.js";

/** An event as a parser gives it. */
interface ParsedEvent {
  readonly event?: string;
  readonly id?: string;
  readonly data: string;
  readonly retry?: number;
}

const failure: JsonValue = { code: 13, message: "internal error" };

/** A stream that completes and one that fails, as data and as bytes: OpenAPI 3.2.0, Example Object. */
export function streamExamples(context: Context, method: Method, stream: Stream): Record<string, ExampleObject> {
  const events = ordinaryEvents(context, method, stream);
  const terminal = stream.terminalData === undefined ? [] : [{ data: asParsed(stream.terminalData) }];
  const error = { event: stream.errorEvent, data: JSON.stringify(failure) };
  return {
    complete: example("A stream that completes.", stream, [...events, ...terminal], ":end\n"),
    failed: example("A stream that fails.", stream, [...events.slice(0, 1), error], ""),
  };
}

/** What `data:` holds, parsed, by the event's name: the examples of 3.1. */
export function dataExamples(context: Context, method: Method, stream: Stream): Record<string, ExampleObject> {
  const { events, errorEvent, terminalData } = stream;
  const ordinary: [string, JsonValue][] =
    events.kind === "message"
      ? [[events.name ?? "message", exampleMessage(context, method.desc.output)]]
      : events.members.map(({ name, field }) => [name, exampleField(context, field)]);
  const literal: [string, JsonValue][] = terminalData === undefined ? [] : [["(end)", asParsed(terminalData)]];
  return Object.fromEntries(
    // The key `__proto__` readers in JavaScript lose.
    [...ordinary, [errorEvent, failure] as const, ...literal].map(([name, value]) => [
      name === "__proto__" ? `(${name})` : name,
      { value },
    ]),
  );
}

/** One event of each kind, in the order of declaration; the first that ends the stream is the last. */
function ordinaryEvents(context: Context, { desc }: Method, { events, id }: Stream): ParsedEvent[] {
  if (events.kind === "message") {
    const data = JSON.stringify(exampleMessage(context, desc.output));
    return [{ ...(events.name === undefined ? {} : { event: events.name }), ...exampleId(context, id, 0), data }];
  }
  const end = events.members.find(({ terminal }) => terminal);
  return [...events.members.filter(({ terminal }) => !terminal), ...(end === undefined ? [] : [end])].map(
    ({ name, field }, i) => ({
      event: name,
      ...exampleId(context, id, i),
      data: JSON.stringify(exampleField(context, field)),
    }),
  );
}

/** Ids that count where they are numbers. */
function exampleId(context: Context, field: DescField | undefined, index: number): { id?: string } {
  if (field === undefined) {
    return {};
  }
  const text = String(exampleField(context, field));
  return { id: /^\d+$/.test(text) ? String(index + 1) : text };
}

/** The heartbeat interval. A server has this default on most runtimes if the method sets none. */
export function heartbeatMsOf({ heartbeatMs = 15_000 }: Stream): number {
  return heartbeatMs;
}

function example(summary: string, stream: Stream, events: ParsedEvent[], end: string): ExampleObject {
  const { retryMs } = stream;
  const heartbeatMs = heartbeatMsOf(stream);
  const [first, ...rest] = events;
  const parsed =
    first === undefined ? [] : [{ ...first, ...(retryMs === undefined ? {} : { retry: retryMs }) }, ...rest];
  const beat = heartbeatMs === 0 ? "" : ` heartbeat=${heartbeatMs}`;
  const opening = `:sse/1${beat} end\n${retryMs === undefined ? "" : `retry: ${retryMs}\n`}`;
  return { summary, dataValue: parsed.map(toJson), serializedValue: opening + events.map(frame).join("") + end };
}

function toJson({ event, id, data, retry }: ParsedEvent): JsonValue {
  return Object.fromEntries(
    Object.entries({ event, id, data, retry }).filter(
      (entry): entry is [string, string | number] => entry[1] !== undefined,
    ),
  );
}

/** The lines of an event in the order of our server, wire.md: id, event, data. */
function frame({ event, id, data }: ParsedEvent): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...data.split("\n").map((line) => `data: ${line}`),
  ];
  return `${lines.join("\n")}\n\n`;
}
