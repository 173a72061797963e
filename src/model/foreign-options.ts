import type { DescField, DescFile, DescMessage, DescMethod, DescOneof, DescService } from "@bufbuild/protobuf";
import { readSebufJsonOptions } from "../annotations/sebuf.js";
import { readUnknown } from "../annotations/unknown.js";
import type { Problems } from "../problems.js";

/** Warns of options that have no effect. */
export function warnOfForeignOptions(files: readonly DescFile[], problems: Problems): void {
  for (const file of files) {
    file.enums.forEach(warnOfJson);
    file.messages.forEach(visitMessage);
    for (const service of file.services) {
      [service, ...service.methods].forEach(warnOfUnknown);
    }
  }

  function visitMessage(desc: DescMessage): void {
    [desc, ...desc.nestedEnums].forEach(warnOfJson);
    [...desc.fields, ...desc.oneofs].forEach(warnOfUnknown);
    desc.nestedMessages.forEach(visitMessage);
  }

  /** Options of sebuf that change the JSON of a message. */
  function warnOfJson(type: Parameters<typeof readSebufJsonOptions>[0]): void {
    for (const { name, place } of readSebufJsonOptions(type)) {
      problems.warn(place, `${name}: the option has no effect, because this plugin always uses ProtoJSON`);
    }
  }

  /** Options of a newer version of this plugin. */
  function warnOfUnknown(desc: DescService | DescMethod | DescField | DescOneof): void {
    for (const { what, place } of readUnknown(desc)) {
      problems.warn(
        place,
        `${what} is not known to this version of protoc-gen-sse and is ignored: update protoc-gen-sse`,
      );
    }
  }
}
