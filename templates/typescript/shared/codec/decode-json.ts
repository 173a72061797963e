import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonReadOptions,
  type MessageShape,
} from "@bufbuild/protobuf";
import { hasOwn, isJsonObject, type JsonValue } from "../json.js";
import { MAX_DEPTH } from "../json-error.js";
import {
  copyJson,
  createEnumReader,
  createKeyCheck,
  createScalarReader,
  keepsJson,
  readTimestamp,
} from "./decode-scalar.js";
import { type JsonField, type JsonForm, jsonFields, messageForm, type Properties } from "./json-fields.js";

/** The state of one call. */
interface Reading {
  readonly options: Partial<JsonReadOptions>;
  readonly limit: number;
  /** How many messages are open. */
  depth: number;
}

/** Reads a value. Returns undefined where protobuf-es has to read the field, and throws where it has to read it all. */
type Read = (json: JsonValue, reading: Reading) => unknown;

/** Sets a field of a message. */
interface FieldReader {
  readonly property: string;
  /** Whether null leaves the field as it is. */
  readonly skipsNull: boolean;
  set(message: Properties, json: JsonValue, key: string, reading: Reading): void;
}

const readers = new WeakMap<DescMessage, Read>();

/**
 * `fromJson` of protobuf-es, only faster. A reader is made of each message type at its first use, and reads the spelling
 * that ProtoJSON writes. `fromJson` reads the fields that are spelled otherwise. Where something is wrong it reads the
 * whole message, so that every result and every error is its own.
 */
export function decodeJson<Desc extends DescMessage>(
  desc: Desc,
  json: JsonValue,
  options: Partial<JsonReadOptions> & { readonly recursionLimit?: number } = {},
): MessageShape<Desc> {
  const { recursionLimit = MAX_DEPTH } = options;
  let message: unknown;
  try {
    message = readerOf(desc)(json, { options, limit: recursionLimit, depth: 0 });
  } catch {
    // `fromJson` reports what is wrong.
  }
  // The reader of a message type returns its messages.
  return (message as MessageShape<Desc> | undefined) ?? fromJson(desc, json, options);
}

function readerOf(desc: DescMessage): Read {
  let read = readers.get(desc);
  if (read === undefined) {
    const form = messageForm(desc);
    read = form.kind === "message" ? createMessageReader(desc) : createValueReader(form);
    readers.set(desc, read);
  }
  return read;
}

/**
 * How the JSON of messages is read that has the same keys in the same order: in a stream nearly every time. V8 copies an
 * object with all of its properties in 20 ns, and takes half a microsecond to add one to such a copy.
 */
interface Plan {
  readonly keys: readonly string[];
  /** The field of each key; undefined where the key is unknown, or its null leaves the field as it is. */
  readonly fields: readonly (FieldReader | undefined)[];
  readonly isNull: readonly boolean[];
  /** A message with the properties that will be set. */
  readonly template: Properties;
  /** The lists, maps, oneofs and bytes that the JSON leaves out. Each message has its own. */
  readonly others: readonly string[];
  readonly unknown: "none" | "key" | "extension";
}

/** An attacker may send keys in any order. */
const MAX_PLANS = 50;

/** Never returns undefined: were a message read again for each message around it, the cost would be quadratic. */
function createMessageReader(desc: DescMessage): Read {
  const planner = createPlanner(desc);
  const plans = new Map<string, Plan>();
  const prototype: object | null = Object.getPrototypeOf(create(desc));
  let last: Plan | undefined;
  return (json, reading) => {
    // At the limit `fromJson` decides: it also counts messages with a JSON of their own.
    if (!isJsonObject(json) || ++reading.depth >= reading.limit) {
      throw UNREADABLE;
    }
    const [keys, values] = [Object.keys(json), Object.values(json)];
    if (last === undefined || !fits(last, keys, values)) {
      last = findPlan(keys, values);
    }
    const { fields, template, others, unknown } = last;
    const { ignoreUnknownFields, registry } = reading.options;
    if (unknown !== "none" && (!ignoreUnknownFields || (registry && unknown === "extension"))) {
      throw UNREADABLE;
    }
    // The prototype of a message has its defaults, where its fields have presence.
    const message: Properties =
      prototype === Object.prototype ? { ...template } : Object.assign(Object.create(prototype), template);
    for (let index = 0; index < fields.length; index++) {
      fields[index]?.set(message, values[index] as JsonValue, keys[index] as string, reading);
    }
    for (const property of others) {
      message[property] = emptyLike(template[property]);
    }
    reading.depth--;
    return message;
  };

  function findPlan(keys: string[], values: JsonValue[]): Plan {
    const signature = keys.map((key, index) => (values[index] === null ? `${key}\0` : key)).join("\0\0");
    const known = plans.get(signature);
    if (known && fits(known, keys, values)) {
      return known;
    }
    const plan = planner(keys, values);
    if (plans.size < MAX_PLANS) {
      plans.set(signature, plan);
    }
    return plan;
  }
}

function fits({ keys, isNull }: Plan, otherKeys: string[], values: JsonValue[]): boolean {
  let index = 0;
  while (index < keys.length && keys[index] === otherKeys[index] && isNull[index] === (values[index] === null)) {
    index++;
  }
  return index === keys.length && index === values.length;
}

/** An empty list, map or oneof, or no bytes, as another one. */
function emptyLike(value: unknown): unknown {
  return Array.isArray(value) ? [] : value instanceof Uint8Array ? new Uint8Array(0) : { ...(value as object) };
}

function createPlanner(desc: DescMessage): (keys: string[], values: JsonValue[]) => Plan {
  const zero = create(desc);
  const readers = new Map<string, FieldReader>();
  for (const field of jsonFields(desc)) {
    const reader = createFieldReader(field);
    readers.set(field.desc.name, reader).set(field.desc.jsonName, reader);
  }
  const own = Object.keys(zero).filter((property) => typeof Reflect.get(zero, property) === "object");
  return (keys, values) => {
    const template: Properties = Object.assign(Object.create(Object.getPrototypeOf(zero)), zero);
    const seen = new Set<unknown>();
    let unknown: Plan["unknown"] = "none";
    const fields = keys.map((key, index) => {
      const reader = readers.get(key);
      if (reader === undefined) {
        unknown = key.startsWith("[") || unknown === "extension" ? "extension" : "key";
        return undefined;
      }
      const isLeft = values[index] === null && reader.skipsNull;
      // By both of its names, or with another member of its oneof.
      if (seen.has(reader) || (!isLeft && seen.has(reader.property))) {
        throw UNREADABLE;
      }
      seen.add(reader);
      if (isLeft) {
        return undefined;
      }
      seen.add(reader.property);
      template[reader.property] = undefined;
      return reader;
    });
    const isNull = values.map((value) => value === null);
    return { keys, fields, isNull, template, others: own.filter((property) => !seen.has(property)), unknown };
  };
}

function createFieldReader({ desc, property, form }: JsonField): FieldReader {
  const { oneof, localName, fieldKind, message, enum: enumeration } = desc;
  const read = createFieldValueReader(desc, form);
  const hasNull =
    message?.typeName === "google.protobuf.Value" || enumeration?.typeName === "google.protobuf.NullValue";
  return {
    property,
    skipsNull: oneof ? fieldKind === "scalar" : !hasNull,
    set(target, json, key, reading) {
      const value = json === null ? undefined : read(json, reading);
      if (value === undefined) {
        setByReference(target, json, key, reading);
      } else {
        target[property] = oneof ? { case: localName, value } : value;
      }
    },
  };

  /** Takes the field of a message that has no other, and is as deep as this one. */
  function setByReference(target: Properties, json: JsonValue, key: string, { options, limit, depth }: Reading): void {
    const recursionLimit = limit - depth + 1;
    const part = fromJson(desc.parent, { [key]: json }, { ...options, recursionLimit } as JsonReadOptions);
    const value: unknown = Reflect.get(part, property);
    if (oneof && (value as Properties)["case"] === undefined) {
      throw UNREADABLE; // The field may exclude others, though it is not set.
    }
    if (hasOwn(part, property)) {
      target[property] = value;
    } else {
      delete target[property];
    }
  }
}

function createFieldValueReader(desc: DescField, form: JsonForm): Read {
  const read = createValueReader(form);
  const isCopy = form.kind === "scalar" && keepsJson(form.scalar);
  if (desc.fieldKind === "list") {
    return (json, reading) => {
      if (!Array.isArray(json)) {
        return undefined;
      }
      const items: unknown[] = [];
      for (const item of json) {
        const value = read(item, reading);
        if (value === undefined) {
          return undefined;
        }
        items.push(value);
      }
      return items;
    };
  }
  if (desc.fieldKind === "map") {
    const isKey = createKeyCheck(desc.mapKey);
    return (json, reading) => {
      if (!isJsonObject(json)) {
        return undefined;
      }
      // V8 copies an object in a fraction of the time that it takes to add its properties one by one.
      const entries: Properties = isCopy ? { ...json } : {};
      const values = Object.values(json);
      let index = 0;
      for (const key of Object.keys(json)) {
        const value = isKey(key) ? read(values[index++] as JsonValue, reading) : undefined;
        if (value === undefined) {
          return undefined;
        }
        if (!isCopy) {
          entries[key] = value;
        }
      }
      return entries;
    };
  }
  return read;
}

function createValueReader(form: JsonForm): Read {
  switch (form.kind) {
    case "scalar":
      return createScalarReader(form.scalar, form.longAsString);
    case "enum":
      return createEnumReader(form.enum);
    case "message": {
      // At the first use: message types refer to each other in circles.
      let read: Read | undefined;
      return (json, reading) => {
        read ??= readerOf(form.message);
        return read(json, reading);
      };
    }
    case "timestamp":
      return readTimestamp;
    case "struct":
      // Near the limit `fromJson` decides: it counts each value of a Struct.
      return (json, { limit, depth }) => (isJsonObject(json) ? copyJson(json, limit - depth - 2) : undefined);
    case "wrapper": {
      const read = createValueReader(form.value);
      const readMessage: Read = (json, reading) => {
        const value = read(json, reading);
        return value === undefined ? undefined : Object.assign(create(form.message), { value });
      };
      return form.unwrapped ? read : readMessage;
    }
    case "reference":
      return () => undefined;
  }
}

/** Thrown where `fromJson` has to read the whole message, and caught by `decodeJson`. */
const UNREADABLE = {};
