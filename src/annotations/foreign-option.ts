import {
  type AnyDesc,
  createRegistry,
  type DescExtension,
  type DescFile,
  type DescMessage,
  getExtension,
  hasExtension,
  type JsonObject,
  type Message,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";

/** What a file and all that it imports declare. */
const registries = new WeakMap<DescFile, Registry>();

/** The value of an option: a message as ProtoJSON, under the names of the proto. */
export interface ForeignOption {
  readonly desc: DescMessage;
  readonly json: JsonObject;
}

/**
 * An option whose schema the user's own protos bring, by its full name; undefined where it is not set or not known.
 * Throws for a value that ProtoJSON has no form for, such as a duration of a million years.
 */
export function readForeignOption(
  desc: Exclude<AnyDesc, { kind: "extension" }>,
  name: string,
): ForeignOption | undefined {
  const { options } = desc.proto;
  if (options?.$unknown === undefined) {
    return undefined; // what most declarations have
  }
  return readFrom(options, registryOf(fileOf(desc)), name);
}

/** The same of a field that extends another message. */
export function readOfExtension(desc: DescExtension, registry: Registry, name: string): ForeignOption | undefined {
  return readFrom(desc.proto.options, registry, name);
}

export function registryOf(file: DescFile): Registry {
  const registry = registries.get(file) ?? createRegistry(...withImports(file, new Set()));
  registries.set(file, registry);
  return registry;
}

function readFrom(options: Message | undefined, registry: Registry, name: string): ForeignOption | undefined {
  const extension = registry.getExtension(name);
  if (options === undefined || extension?.message === undefined) {
    return undefined;
  }
  if (extension.extendee.typeName !== options.$typeName || !hasExtension(options, extension)) {
    return undefined;
  }
  const value = getExtension(options, extension) as Message; // its type is a message
  const json = toJson(extension.message, value, { registry, useProtoFieldName: true });
  return { desc: extension.message, json: json as JsonObject }; // no well-known type is one of these options
}

function fileOf(desc: Exclude<AnyDesc, { kind: "extension" }>): DescFile {
  if (desc.kind === "file") {
    return desc;
  }
  return "file" in desc ? desc.file : desc.parent.file;
}

function withImports(file: DescFile, seen: Set<DescFile>): Set<DescFile> {
  if (!seen.has(file)) {
    seen.add(file);
    for (const dependency of file.dependencies) {
      withImports(dependency, seen);
    }
  }
  return seen;
}
