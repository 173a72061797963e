import type { DescField, DescFile, DescMessage, DescMethod, DescOneof } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import type { MethodAnnotations } from "../annotations/annotations.js";
import { isEvents } from "../annotations/native.js";
import { optionPlace } from "../annotations/option-place.js";
import { readField } from "../annotations/read.js";
import {
  event,
  event_id,
  events,
  type StreamRule,
  StreamRuleSchema,
  stream as streamOption,
} from "../gen/sse/v1/annotations_pb.js";
import type { Problems } from "../problems.js";
import type { EventMember, Stream } from "./model.js";

/** How the response of a streaming method becomes events. */
export function buildStream(desc: DescMethod, { stream }: MethodAnnotations, problems: Problems): Stream {
  const rule = stream?.rule;
  const at = (field: keyof StreamRule & keyof typeof StreamRuleSchema.field) =>
    optionPlace(desc, streamOption, StreamRuleSchema.field[field].number);
  const error = (field: Parameters<typeof at>[0], message: string) => problems.error(at(field), message);

  checkMessage(desc.output, problems);
  const id = desc.output.fields.find((field) => readField(field).eventId);
  if (rule?.resumable && id === undefined) {
    const { typeName } = desc.output;
    error(
      "resumable",
      `resumable: ${typeName} has no id to resume from: mark one of its fields [(sse.v1.event_id) = true]`,
    );
  }
  const oneof = desc.output.oneofs.find(isEvents);
  const members = oneof?.fields.map(readMember) ?? [];
  const errorEvent = rule?.errorEvent || "error";
  if (/[\r\n\0]/.test(errorEvent)) {
    error("errorEvent", "error_event: must not contain line breaks or NUL");
  }
  if (errorEvent === "message") {
    error("errorEvent", 'error_event: "message" is the name of events without an `event:` line: choose another');
  }
  const clash = members.find(({ name }) => name === errorEvent);
  if (clash !== undefined) {
    problems.error(
      { desc },
      `event "${errorEvent}" of ${clash.field} has the name of the error event: rename it with (sse.v1.event), or set error_event`,
    );
  }
  const eventName = rule?.eventName || undefined;
  if (eventName !== undefined) {
    if (oneof !== undefined) {
      error(
        "eventName",
        `event_name: each member of oneof "${oneof.name}" has its own event name: remove event_name, and name the members with (sse.v1.event)`,
      );
    }
    if (/[\r\n\0]/.test(eventName)) {
      error("eventName", "event_name: must not contain line breaks or NUL");
    }
    if (eventName === errorEvent) {
      error("eventName", `event_name: "${errorEvent}" is the name of the error event: choose another`);
    }
  }
  const terminal = members.find((member) => member.terminal);
  if (rule?.terminalData && terminal !== undefined) {
    error("terminalData", `terminal_data: event "${terminal.name}" already ends the stream: remove one of the two`);
  }
  if (rule?.terminalData.includes("\0")) {
    error("terminalData", "terminal_data: must not contain NUL");
  }
  return {
    resumable: rule?.resumable ?? false,
    id,
    events: oneof === undefined ? { kind: "message", name: eventName } : { kind: "oneof", oneof, members },
    terminalData: rule?.terminalData || undefined,
    errorEvent,
    heartbeatMs: milliseconds(rule?.heartbeat, (message) => error("heartbeat", `heartbeat: ${message}`)),
    retryMs: milliseconds(rule?.retry, (message) => error("retry", `retry: ${message}`)),
  };
}

/** Checks the options on messages that are events, or could be, in all the files. */
export function checkEventOptions(files: readonly DescFile[], problems: Problems): void {
  const visit = (desc: DescMessage): void => {
    checkMessage(desc, problems);
    desc.nestedMessages.forEach(visit);
  };
  for (const file of files) {
    file.messages.forEach(visit);
  }
}

function checkMessage(desc: DescMessage, problems: Problems): void {
  const ids = desc.fields.filter((field) => readField(field).eventId);
  for (const id of ids) {
    const reason = whyNoId(id);
    if (reason !== undefined) {
      problems.error(optionPlace(id, event_id), `event_id: ${reason}`);
    }
  }
  for (const second of ids.slice(1)) {
    problems.error(
      optionPlace(second, event_id),
      `event_id: field "${ids[0]?.name}" is already the event id: keep one of them`,
    );
  }
  for (const oneof of desc.oneofs.filter(isEvents)) {
    checkOneof(oneof, problems);
  }
  for (const field of desc.fields) {
    if (readField(field).event !== undefined && !(field.oneof !== undefined && isEvents(field.oneof))) {
      problems.error(
        optionPlace(field, event),
        "event: the field is not in a oneof with (sse.v1.events): add option (sse.v1.events) = true to its oneof, or remove this option",
      );
    }
  }
}

function checkOneof(oneof: DescOneof, problems: Problems): void {
  const others = oneof.parent.fields.filter((field) => field.oneof !== oneof && !readField(field).eventId);
  if (others.length > 0) {
    const names = others.map((field) => `"${field.name}"`).join(", ");
    problems.error(
      optionPlace(oneof, events),
      `events: ${oneof.parent.typeName} also has ${names}, which is not part of any event: move it into the members of the oneof`,
    );
  }
  const taken = new Map<string, DescField>();
  for (const { name, field } of oneof.fields.map(readMember)) {
    const place = optionPlace(field, event);
    const other = taken.get(name);
    if (other !== undefined) {
      problems.error(place, `event name "${name}" is already used by field "${other.name}": rename one`);
    }
    if (/[\r\n\0]/.test(name)) {
      problems.error(place, "event name: must not contain line breaks or NUL");
    }
    taken.set(name, field);
  }
}

function readMember(field: DescField): EventMember {
  const annotation = readField(field).event;
  return { name: annotation?.name || field.name, field, terminal: annotation?.terminal ?? false };
}

function whyNoId(field: DescField): string | undefined {
  switch (field.fieldKind) {
    case "list":
      return "the field is repeated: use a singular field";
    case "map":
      return "the field is a map: use a singular field";
    case "message":
      return "the field is a message: use a string, number, bool or enum";
    case "scalar":
      return field.scalar === ScalarType.BYTES ? "the field is bytes: use a string, number, bool or enum" : undefined;
    case "enum":
      return undefined;
  }
}

function milliseconds(duration: Duration | undefined, error: (message: string) => void): number | undefined {
  if (duration === undefined) {
    return undefined;
  }
  const ms = Number(duration.seconds) * 1000 + duration.nanos / 1e6;
  // setTimeout takes at most 2^31 - 1 ms, and wraps to 1 ms beyond it.
  if (ms < 0 || !Number.isInteger(ms) || ms > 2 ** 31 - 1) {
    error("must be a whole number of milliseconds, from 0 to 2147483647 (24 days and 20 hours)");
    return undefined;
  }
  return ms;
}
