import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonReadOptions,
  type Message,
  mergeFromJson,
} from "@bufbuild/protobuf";
import { FieldError } from "@bufbuild/protobuf/reflect";
import { hasOwnJson } from "./codec/json-fields.js";
import { causeOf } from "./error.js";
import { isJsonObject, type JsonObject, type JsonValue } from "./json.js";

/** The default of `recursionLimit` in `fromJson`: how deep messages may be nested. */
export const MAX_DEPTH = 100;

/** protobuf-es has the option `recursionLimit` since 2.12.1; earlier releases read at any depth. */
type ReadOptions = Partial<JsonReadOptions> & { readonly recursionLimit?: number };

/** The value that makes the JSON of a message invalid. */
export interface JsonError {
  /** The path of the value: `legs[1].size`, `labels["env"]`. Empty for the message itself. */
  readonly path: string;
  readonly value: JsonValue;
  /** The type that the value does not have. `depth`: it is nested too deep. */
  readonly expected: "list" | "map" | "message" | "value" | "depth";
  /** Absent for the message itself. */
  readonly field?: DescField;
}

/**
 * Finds the value that `fromJson` rejected with `error`. Its errors name at most the innermost field, without a path.
 * Undefined if no single value is wrong, as with two members of one oneof.
 *
 * Costs no more than `fromJson`, for any JSON: it visits each message once, and reads only the values that can be wrong.
 */
export function findJsonError(
  desc: DescMessage,
  json: JsonValue,
  error: unknown,
  options: ReadOptions,
  nameOf: (field: DescField, key: string) => string,
): JsonError | undefined {
  const cause = causeOf(error);
  const failed = cause instanceof FieldError ? cause.field() : undefined;
  if (failed && failed.kind !== "field") {
    return undefined;
  }
  const names = new Map<DescMessage, Map<string, DescField>>();
  const targets = new Map<DescMessage, Message>();
  const { recursionLimit = MAX_DEPTH } = options;
  let depth = 0;
  return inMessage(desc, json);

  function inMessage(desc: DescMessage, json: JsonValue, field?: DescField): JsonError | undefined {
    if (hasOwnJson(desc)) {
      return !mayHoldError(desc) || reads(desc, json)
        ? undefined
        : { path: "", value: json, expected: "value", ...(field && { field }) };
    }
    if (!isJsonObject(json)) {
      return { path: "", value: json, expected: "message", ...(field && { field }) };
    }
    if (++depth > recursionLimit) {
      return { path: "", value: json, expected: "depth" };
    }
    for (const [key, value] of Object.entries(json)) {
      const field = fieldOf(desc, key);
      const found = field && value !== null ? inField(field, key, value) : undefined;
      if (field && found) {
        return { ...found, path: joinPath(nameOf(field, key), found.path) };
      }
    }
    depth--;
    return undefined;
  }

  function inField(field: DescField, key: string, value: JsonValue): JsonError | undefined {
    const { parent, message } = field;
    if (field.fieldKind === "list") {
      if (!Array.isArray(value)) {
        return { path: "", value, expected: "list", field };
      }
      const isWrong = (from: number, to: number) => !reads(parent, { [key]: value.slice(from, to) });
      return inItems(
        field,
        value.length,
        (index) => value[index],
        isWrong,
        (index) => `[${index}]`,
      );
    }
    if (field.fieldKind === "map") {
      if (!isJsonObject(value)) {
        return { path: "", value, expected: "map", field };
      }
      const keys = Object.keys(value);
      const item = (index: number) => value[keys[index] ?? ""];
      const isWrong = (from: number, to: number) => {
        const part: JsonObject = Object.create(null); // so that "__proto__" is a key like any other
        // Of messages only the keys: the messages are visited one by one.
        for (let i = from; i < to; i++) {
          part[keys[i] ?? ""] = message ? {} : (item(i) ?? null);
        }
        return !reads(parent, { [key]: part });
      };
      return inItems(field, keys.length, item, isWrong, (index) => `[${JSON.stringify(keys[index])}]`);
    }
    if (message) {
      return inMessage(message, value, field);
    }
    return mayBeWrong(field) && !readsInto(parent, { [key]: value })
      ? { path: "", value, expected: "value", field }
      : undefined;
  }

  function inItems(
    field: DescField,
    length: number,
    item: (index: number) => JsonValue | undefined,
    isWrong: (from: number, to: number) => boolean,
    stepOf: (index: number) => string,
  ): JsonError | undefined {
    const { message, fieldKind } = field;
    if (message) {
      for (let index = 0; index < length; index++) {
        const found = inMessage(message, item(index) ?? null, field);
        if (found) {
          return { ...found, path: joinPath(stepOf(index), found.path) };
        }
      }
    }
    if (length === 0 || !mayBeWrong(field) || (message && fieldKind === "list")) {
      return undefined;
    }
    // By halves, which together are as long as the whole. One by one would cost a message for each value.
    let from = 0;
    for (let to = length; to - from > 1; ) {
      const middle = (from + to) >> 1;
      if (isWrong(from, middle)) {
        to = middle;
      } else {
        from = middle;
      }
    }
    return isWrong(from, from + 1)
      ? { path: stepOf(from), value: item(from) ?? null, expected: "value", field }
      : undefined;
  }

  /** An error without a field comes from an enum. Errors of messages are found before. */
  function mayBeWrong(field: DescField): boolean {
    return failed ? failed === field : field.enum !== undefined;
  }

  /** A message with a special JSON fails without a field or with a field of such a message. An Any holds any message. */
  function mayHoldError({ typeName }: DescMessage): boolean {
    return !failed || typeName === "google.protobuf.Any" || hasOwnJson(failed.parent);
  }

  function reads(desc: DescMessage, json: JsonValue): boolean {
    try {
      fromJson(desc, json, options);
      return true;
    } catch {
      return false;
    }
  }

  /** For single values: it does not create a message for each. */
  function readsInto(desc: DescMessage, json: JsonObject): boolean {
    const target = targets.get(desc) ?? create(desc);
    targets.set(desc, target);
    try {
      mergeFromJson(desc, target, json, options);
      return true;
    } catch {
      return false;
    }
  }

  function fieldOf(desc: DescMessage, key: string): DescField | undefined {
    let fields = names.get(desc);
    if (!fields) {
      fields = new Map(
        desc.fields.flatMap((field) => [[field.name, field] as const, [field.jsonName, field] as const]),
      );
      names.set(desc, fields);
    }
    return fields.get(key);
  }
}

function joinPath(outer: string, inner: string): string {
  return inner === "" || inner.startsWith("[") ? outer + inner : `${outer}.${inner}`;
}
