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
import type { Place } from "../problems.js";
import { optionPlace } from "./option-place.js";

/** The value of an option: a message as ProtoJSON, under the names of the proto. */
export interface ForeignOption {
  readonly desc: DescMessage;
  readonly json: JsonObject;
}

/** Thrown for an option with a value that ProtoJSON cannot express, such as a duration of a million years. */
export class UnreadableOption extends Error {
  override readonly name = "UnreadableOption";

  readonly place: Place;

  constructor(place: Place, message: string) {
    super(message);
    this.place = place;
  }
}

/** Reads options whose schemas are among the files of the request: those of buf.validate, gnostic and others. */
export class ForeignOptions {
  readonly #files: readonly DescFile[];
  #registry: Registry | undefined;

  /** `files` and all that they import. */
  constructor(files: readonly DescFile[]) {
    this.#files = files;
  }

  /** The option with this full name; undefined if it is not set, or if no file declares it. Throws UnreadableOption. */
  read(desc: Exclude<AnyDesc, { kind: "extension" }>, name: string): ForeignOption | undefined {
    // Most declarations only have options that protobuf itself declares.
    return desc.proto.options?.$unknown === undefined ? undefined : this.#read(desc, name);
  }

  /** The same for an option of an extension with this full name. */
  readOfExtension(extension: string, name: string): ForeignOption | undefined {
    const desc = this.registry.getExtension(extension);
    return desc && this.#read(desc, name);
  }

  #read(desc: AnyDesc, name: string): ForeignOption | undefined {
    const { options } = desc.proto;
    const { registry } = this;
    const extension = registry.getExtension(name);
    if (options === undefined || extension?.message === undefined) {
      return undefined;
    }
    if (extension.extendee.typeName !== options.$typeName || !hasExtension(options, extension)) {
      return undefined;
    }
    try {
      const value = getExtension(options, extension) as Message; // its type is a message
      const json = toJson(extension.message, value, { registry, useProtoFieldName: true });
      return { desc: extension.message, json: json as JsonObject }; // no well-known type is one of these options
    } catch (error) {
      throw unreadable(desc, extension, error);
    }
  }

  /** All types of the files. It is one registry, because compilers reject two declarations of one name. */
  get registry(): Registry {
    this.#registry ??= createRegistry(...this.#files.reduce(withImports, new Set<DescFile>()));
    return this.#registry;
  }
}

function unreadable(desc: AnyDesc, extension: DescExtension, error: unknown): UnreadableOption {
  const reason = error instanceof Error ? error.message : String(error);
  return new UnreadableOption(
    optionPlace(desc, extension),
    `(${extension.typeName}) has a value that cannot be written as JSON: ${reason}`,
  );
}

function withImports(seen: Set<DescFile>, file: DescFile): Set<DescFile> {
  return seen.has(file) ? seen : file.dependencies.reduce(withImports, seen.add(file));
}
