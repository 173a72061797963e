import {
  create,
  createFileRegistry,
  type DescExtension,
  type DescFile,
  getOption,
  hasOption,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { loadCase } from "../../test/golden.js";
import { file_dialects_google } from "../gen/dialects/google_pb.js";
import { file_dialects_sebuf } from "../gen/dialects/sebuf_pb.js";
import { file_sse_v1_annotations } from "../gen/sse/v1/annotations_pb.js";
import { readOption } from "./option.js";

const options = [file_sse_v1_annotations, file_dialects_google, file_dialects_sebuf].flatMap(
  ({ extensions }) => extensions,
);

/** What can have options of ours. */
function declarations({ services, messages }: DescFile) {
  return [
    ...services.flatMap((service) => [service, ...service.methods]),
    ...messages.flatMap(({ fields, oneofs }) => [...fields, ...oneofs]),
  ];
}

test.each(["google-api", "sebuf", "headers", "document", "events"])(
  "options of %s are those of protobuf-es",
  (name) => {
    const file = loadCase(name).request.protoFile;
    let found = 0;
    for (const desc of [...createFileRegistry(create(FileDescriptorSetSchema, { file })).files].flatMap(declarations)) {
      const extended = (option: DescExtension) => option.extendee.typeName === desc.proto.options?.$typeName;
      for (const option of options.filter(extended)) {
        const expected = hasOption(desc as never, option) ? getOption(desc as never, option) : undefined;
        expect(readOption(desc, option)).toEqual(expected);
        found += expected === undefined ? 0 : 1;
      }
    }
    expect(found).toBeGreaterThan(0);
  },
);
