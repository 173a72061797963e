import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { Service } from "../../model/model.js";
import type { Problems } from "../../problems.js";
import { type Components, className } from "./document/components.js";
import type { MessageUse } from "./message-use.js";
import type { OpenApiOptions, OpenApiVersion } from "./openapi-options.js";

/** What the objects of one document share. */
export interface Context {
  readonly version: OpenApiVersion;
  readonly options: OpenApiOptions;
  readonly components: Components;
  /** For what OpenAPI has no words. */
  readonly problems: Problems;
  /** Where a message travels in this document. */
  readonly useOf: (desc: DescMessage) => MessageUse;
  /** The name that a service goes by in this document. */
  readonly tagOf: (service: Service) => string;
  /** Takes an operation id; a number is added to one that is taken. */
  readonly operationId: (wish: string) => string;
  /** Takes the title of a schema; undefined for one that is taken, as generators name classes after titles. */
  readonly title: (wish: string) => string | undefined;
}

/** A field's key in JSON. */
export function jsonKey({ options }: Context, field: DescField): string {
  return options.protoNames ? field.name : field.jsonName;
}

/** Hands out names, each once: `name`, `name_2`, `name_3`, … */
export function createNames(): (wish: string) => string {
  const taken = new Set<string>();
  return (wish) => {
    let name = wish;
    for (let n = 2; taken.has(name); n++) {
      name = `${wish}_${n}`;
    }
    taken.add(name);
    return name;
  };
}

/** Hands out titles, each once. Short names need none: classes are named after them. */
export function createTitles({ names }: OpenApiOptions): Context["title"] {
  const taken = new Set<string>();
  return (wish) => {
    if (names === "short" || taken.has(className(wish))) {
      return undefined;
    }
    taken.add(className(wish));
    return wish;
  };
}

/** Whether the document says of streams only what tools understand that know none. */
export function isPlain({ version, options }: Context): boolean {
  return version === "3.1" && options.streams === "plain";
}
