import { type DescField, fromJson, toJson, type JsonValue as WritableJson } from "@bufbuild/protobuf";
import type { Method, Stream } from "../../../model/model.js";
import { type Context, createNames, writtenJson } from "../context.js";
import { exampleAt } from "../example.js";
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
  const unique = createNames();
  const own = ownEvents(context, method, stream).map(({ name = "message", data }): [string, JsonValue] => [
    unique(name),
    data,
  ]);
  const ordinary: [string, JsonValue][] =
    own.length > 0
      ? own
      : events.kind === "message"
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

/** An event of the author's example. */
interface OwnEvent {
  readonly name: string | undefined;
  readonly id: string | undefined;
  readonly data: JsonValue;
}

function ownEvents(context: Context, { desc, document }: Method, { events, id }: Stream): readonly OwnEvent[] {
  return document.example.responses.map((json) => {
    const message = writtenJson(context, desc.output, json);
    if (events.kind === "message") {
      return { name: events.name, id: ownId(context, id, json), data: message };
    }
    const member = events.members.find(({ field }) => exampleAt(context, message, [field]) !== undefined);
    const data = member && exampleAt(context, message, [member.field]);
    return { name: member?.name, id: ownId(context, id, json), data: data ?? null }; // the model has seen the member
  });
}

/** The id as a server writes it: the value of the field, also if it is zero. */
function ownId({ rules }: Context, field: DescField | undefined, json: JsonValue): string | undefined {
  if (field === undefined) {
    return undefined;
  }
  const registry = rules.registry();
  const message = fromJson(field.parent, json as WritableJson, { registry }); // ours is read-only
  const written = toJson(field.parent, message, { registry, alwaysEmitImplicit: true }) as Record<string, JsonValue>; // it has fields
  const value = written[field.jsonName];
  return value === undefined || value === "" ? undefined : String(value);
}

/** One event of each kind, in the order of declaration; the first that ends the stream is the last. */
function ordinaryEvents(context: Context, method: Method, stream: Stream): ParsedEvent[] {
  const { desc } = method;
  const { events, id } = stream;
  const own = ownEvents(context, method, stream);
  if (own.length > 0) {
    return own.map(({ name, id, data }) => ({
      ...(name === undefined ? {} : { event: name }),
      ...(id === undefined ? {} : { id }),
      data: JSON.stringify(data),
    }));
  }
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
  return { summary, dataValue: parsed.map(eventJson), serializedValue: opening + events.map(frame).join("") + end };
}

function eventJson({ event, id, data, retry }: ParsedEvent): JsonValue {
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
