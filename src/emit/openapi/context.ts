import {
  type DescEnum,
  type DescEnumValue,
  type DescField,
  type DescMessage,
  fromJson,
  toJson,
  type JsonValue as WritableJson,
} from "@bufbuild/protobuf";
import type { Service } from "../../model/model.js";
import { fieldRules, type Rules, type ValueRules } from "../../model/rules.js";
import type { Options } from "../../options.js";
import type { Problems } from "../../problems.js";
import { type Components, className } from "./components.js";

import type { JsonValue } from "./objects.js";

export type OpenApiVersion = Options["openapi"][number];

/** What the objects of one document share. */
export interface Context {
  readonly version: OpenApiVersion;
  readonly options: Options;
  readonly rules: Rules;
  readonly components: Components;
  /** Takes what OpenAPI cannot express. */
  readonly problems: Problems;
  /** Where a message travels in this document. */
  readonly useOf: (desc: DescMessage) => MessageUse;
  /** The tag of a service in this document. */
  readonly tagOf: (service: Service) => string;
  /** Makes an operation id unique by adding a number. */
  readonly operationId: (name: string) => string;
  /** Returns the title if no other schema has it, because generators name classes after titles. */
  readonly title: (title: string) => string | undefined;
}

/** The tags that an option names, or else that of the service. */
export function tagsOf({ tagOf }: Context, service: Service, names: readonly string[]): readonly string[] {
  return names.length > 0 ? names : [tagOf(service)];
}

/** A field's key in JSON. */
export function jsonKey({ options }: Context, field: DescField): string {
  return options.openapi_proto_names ? field.name : field.jsonName;
}

/** The names that writers of JSON use for the values: one or two for each number. */
export function enumNames(desc: DescEnum): readonly DescEnumValue[] {
  // If a value has aliases, most writers use the first, and protobuf-es the last.
  return desc.values.filter(
    (value) =>
      desc.values.find((other) => other.number === value.number) === value || desc.value[value.number] === value,
  );
}

/** The values of an enum in JSON: the names of a number, or the number if it has no name. */
export function enumInJson({ options }: Context, desc: DescEnum, number: JsonValue): readonly JsonValue[] {
  if (options.openapi_enum === "integer") {
    return [number];
  }
  const names = enumNames(desc).filter((value) => value.number === number);
  return names.length > 0 ? names.map(({ name }) => name) : [number];
}

/** The ProtoJSON of a message in the form that the document describes: with other names of fields, or numbers of enums. */
export function writtenJson({ options, rules }: Context, desc: DescMessage, json: JsonValue): JsonValue {
  const registry = rules.registry();
  const message = fromJson(desc, json as WritableJson, { registry }); // ours is read-only
  return toJson(desc, message, {
    registry,
    enumAsInteger: options.openapi_enum === "integer",
    useProtoFieldName: options.openapi_proto_names,
  });
}

/** Makes names unique: `name`, `name_2`, `name_3`, … */
export function createNames(): (name: string) => string {
  const taken = new Set<string>();
  return (name) => {
    let unique = name;
    for (let n = 2; taken.has(unique); n++) {
      unique = `${name}_${n}`;
    }
    taken.add(unique);
    return unique;
  };
}

/** Returns each title once. With short names there are no titles, because classes are named after the components. */
export function createTitles({ openapi_names }: Options): Context["title"] {
  const taken = new Set<string>();
  return (name) => {
    if (openapi_names === "short" || taken.has(className(name))) {
      return undefined;
    }
    taken.add(className(name));
    return name;
  };
}

/** Whether the document is for tools without support for streams: `openapi_streams=plain`, in 3.1 only. */
export function isPlain({ version, options }: Context): boolean {
  return version === "3.1" && options.openapi_streams === "plain";
}

/** Where a message travels. */
export interface MessageUse {
  readonly inRequests: boolean;
  readonly inResponses: boolean;
}

/** Finds the messages of requests and of responses, including nested ones. */
export function messageUses(services: readonly Service[]): (desc: DescMessage) => MessageUse {
  const methods = services.flatMap((service) => service.methods);
  const requests = reachable(methods.map(({ desc }) => desc.input));
  const responses = reachable(methods.map(({ desc }) => desc.output));
  return (desc) => ({ inRequests: requests.has(desc), inResponses: responses.has(desc) });
}

function reachable(from: readonly DescMessage[], found = new Set<DescMessage>()): ReadonlySet<DescMessage> {
  for (const desc of from) {
    if (found.has(desc)) {
      continue;
    }
    found.add(desc);
    reachable(
      desc.fields.flatMap(({ message }) => message ?? []),
      found,
    );
  }
  return found;
}

/** Whether the public may see a field. */
export function isVisible({ rules }: Context, field: DescField): boolean {
  return !rules.restricted.has(field);
}

/** The rules of buf.validate for a field; undefined with `openapi_validate=false`. */
export function validateRules({ options, rules }: Context, field: DescField): ValueRules | undefined {
  return options.openapi_validate ? fieldRules(rules, field).value : undefined;
}
