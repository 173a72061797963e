import {
  type DescExtension,
  type DescField,
  type DescMethod,
  type DescOneof,
  type DescService,
  getOption,
  type Message,
} from "@bufbuild/protobuf";
import { file_sse_v1_annotations } from "../gen/sse/v1/annotations_pb.js";
import type { Place } from "../problems.js";
import { optionPlace } from "./option-place.js";

type Annotated = DescMethod | DescService | DescField | DescOneof;

/** The numbers that are reserved for extensions of sse.v1. */
const OURS = { first: 50100, last: 50199 };

/** Options of sse.v1, and fields in them, that a newer version of this plugin added. */
export function readUnknown(desc: Annotated): { what: string; place: Place }[] {
  const options = desc.proto.options;
  return (options?.$unknown ?? []).flatMap(({ no }) => {
    if (no < OURS.first || no > OURS.last) {
      return [];
    }
    const extension = file_sse_v1_annotations.extensions.find(
      (e) => e.number === no && e.extendee.typeName === options?.$typeName,
    );
    if (extension === undefined) {
      return [{ what: `option ${no} of sse.v1`, place: optionPlace(desc, { number: no }) }];
    }
    return unknownFields(desc, extension).map((field) => ({
      what: `field ${field} of (${extension.typeName})`,
      place: optionPlace(desc, extension, field),
    }));
  });
}

function unknownFields(desc: Annotated, extension: DescExtension): number[] {
  const value: unknown = getOption(desc, extension);
  const messages = (Array.isArray(value) ? value : [value]).filter(isMessage);
  return messages.flatMap((message) => (message.$unknown ?? []).map(({ no }) => no));
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && "$typeName" in value;
}
