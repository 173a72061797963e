import {
  create,
  type DescField,
  type DescMessage,
  type JsonWriteOptions,
  type Message,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import { hasOwn, type JsonObject } from "../json.js";
import {
  areAll,
  createScalarWriter,
  hasProperties,
  isPlainJson,
  nativeCheck,
  quoteJson,
  writeTimestamp,
} from "./encode-scalar.js";
import {
  enumJsonName,
  INTEGER_TEXT,
  isLong,
  type JsonField,
  type JsonForm,
  jsonFields,
  messageForm,
  type Properties,
} from "./json-fields.js";

type WriteOptions = Partial<JsonWriteOptions>;

/** Writes a value. Returns undefined where protobuf-es has to write the field, and throws where it has to write it all. */
type Write = (value: unknown, options: WriteOptions) => string | undefined;

const writers = new WeakMap<DescMessage, Write>();

/**
 * `JSON.stringify(toJson(…))` of protobuf-es, only faster. A writer is made of each message type at its first use.
 * `toJson` writes the fields with a JSON of their own, such as google.protobuf.Any. Where something is wrong it writes
 * the whole message, so that every text and every error is its own.
 */
export function encodeJson(desc: DescMessage, message: Message, options: WriteOptions = {}): string {
  let text: string | undefined;
  try {
    text = writerOf(desc)(message, options);
  } catch {
    // `toJson` reports what is wrong.
  }
  return text ?? JSON.stringify(toJson(desc, message, options));
}

function writerOf(desc: DescMessage): Write {
  let write = writers.get(desc);
  if (write === undefined) {
    const form = messageForm(desc);
    write = form.kind === "message" ? createMessageWriter(desc) : createValueWriter(form);
    writers.set(desc, write);
  }
  return write;
}

/** Writes a field of a message, `"price":1.5`, or the empty text where it is left out. */
type WriteField = (message: Properties, options: WriteOptions) => string;

function createMessageWriter(desc: DescMessage): Write {
  const { typeName, fields } = desc;
  if (!keepsOrder(fields.map(({ jsonName }) => jsonName)) || !keepsOrder(fields.map(({ name }) => name))) {
    return () => undefined;
  }
  const zero = create(desc);
  const writeFields = jsonFields(desc)
    .sort((a, b) => a.desc.number - b.desc.number)
    .map((field) => createFieldWriter(field, Reflect.get(zero, field.property)));
  return (message, options) => {
    if (!hasProperties(message, typeName) || (options.registry && message["$unknown"])) {
      throw UNWRITABLE;
    }
    let text = "";
    for (const writeField of writeFields) {
      const member = writeField(message, options);
      if (member !== "") {
        text += text === "" ? member : `,${member}`;
      }
    }
    return `{${text}}`;
  };
}

/** Whether an object with these keys has them in this order: integers come first, and `__proto__` is no key. */
function keepsOrder(keys: string[]): boolean {
  return new Set(keys).size === keys.length && !keys.some((key) => /^\d|^__proto__$/.test(key));
}

function createFieldWriter({ desc, property, form }: JsonField, zero: unknown): WriteField {
  const isSet = createPresence(desc, zero);
  const write = createFieldValueWriter(desc, form);
  const [jsonKey, protoKey] = [`${JSON.stringify(desc.jsonName)}:`, `${JSON.stringify(desc.name)}:`];
  return (message, options) => {
    const held = message[property];
    if (!isSet(held, message, options)) {
      return "";
    }
    const value = desc.oneof ? (held as Properties)["value"] : held;
    const text = write(value, options) ?? writeByReference(desc, property, held, options);
    return text && (options.useProtoFieldName ? protoKey : jsonKey) + text;
  };
}

/** What `toJson` writes of a message with this field alone. */
function writeByReference(desc: DescField, property: string, held: unknown, options: WriteOptions): string {
  const json = toJson(desc.parent, Object.assign(create(desc.parent), { [property]: held }), options);
  // The JSON of a message with fields of its own is an object.
  return JSON.stringify((json as JsonObject)[options.useProtoFieldName ? desc.name : desc.jsonName]) ?? "";
}

/** Whether a field is written, by what its property holds. */
type Presence = (held: unknown, message: Properties, options: WriteOptions) => boolean;

function createPresence({ oneof, presence, localName, fieldKind }: DescField, zero: unknown): Presence {
  if (oneof) {
    return (held) => (held as Properties)["case"] === localName;
  }
  if (presence !== IMPLICIT) {
    return (held, message) => {
      const isSet = held !== undefined && hasOwn(message, localName);
      if (!isSet && presence === LEGACY_REQUIRED) {
        throw UNWRITABLE;
      }
      return isSet;
    };
  }
  if (fieldKind === "list" || zero instanceof Uint8Array) {
    return (held, _, { alwaysEmitImplicit }) =>
      (held as { length: number }).length !== 0 || alwaysEmitImplicit === true;
  }
  if (fieldKind === "map") {
    return (held, _, { alwaysEmitImplicit }) => Object.keys(held as object).length > 0 || alwaysEmitImplicit === true;
  }
  // Releases of protobuf-es differ in whether they leave out -0.
  return (held, _, { alwaysEmitImplicit }) => held !== zero || Object.is(held, -0) || alwaysEmitImplicit === true;
}

// google.protobuf.FeatureSet.FieldPresence
const IMPLICIT = 2;
const LEGACY_REQUIRED = 3;

function createFieldValueWriter(desc: DescField, form: JsonForm): Write {
  const write = createValueWriter(form);
  // `JSON.stringify` is the fastest for what it writes as ProtoJSON does.
  const isNative = form.kind === "scalar" ? nativeCheck(form.scalar) : undefined;
  if (desc.fieldKind === "list") {
    return (value, options) => {
      if (!Array.isArray(value)) {
        return undefined;
      }
      if (isNative) {
        return areAll(value, isNative) ? JSON.stringify(value) : undefined;
      }
      let text = "";
      for (const item of value) {
        const written = write(item, options);
        if (written === undefined) {
          return undefined;
        }
        text += text === "" ? written : `,${written}`;
      }
      return `[${text}]`;
    };
  }
  if (desc.fieldKind === "map") {
    const isKey = keyCheck(desc.mapKey);
    return (value, options) => {
      if (!hasProperties(value) || !areAll(Object.keys(value), isKey)) {
        return undefined;
      }
      if (isNative) {
        return areAll(Object.values(value), isNative) ? JSON.stringify(value) : undefined;
      }
      let text = "";
      for (const key of Object.keys(value)) {
        const written = write(value[key], options);
        if (written === undefined) {
          return undefined;
        }
        text += `${text === "" ? "" : ","}${quoteJson(key)}:${written}`;
      }
      return `{${text}}`;
    };
  }
  return write;
}

/** What tests whether a map's key is written as it is. Releases of protobuf-es differ in how they write others. */
function keyCheck(type: ScalarType): (key: string) => boolean {
  return type === ScalarType.STRING || type === ScalarType.BOOL
    ? (key) => key !== "__proto__"
    : (key) => INTEGER_TEXT.test(key) && (key.length < 16 || isLong(type));
}

function createValueWriter(form: JsonForm): Write {
  switch (form.kind) {
    case "scalar":
      return createScalarWriter(form.scalar);
    case "enum": {
      const names = new Map<unknown, string>();
      const desc = form.enum;
      // Of names for the same number protobuf-es has one in `value`. A google.protobuf.NullValue is null.
      for (const { number } of desc.typeName === "google.protobuf.NullValue" ? [] : desc.values) {
        const value = desc.value[number];
        if (value) {
          names.set(number, quoteJson(enumJsonName(value)));
        }
      }
      return (value, options) => {
        const name = Object.is(value, -0) ? undefined : names.get(value);
        return name !== undefined && options.enumAsInteger ? String(value) : name;
      };
    }
    case "message": {
      // At the first use: message types refer to each other in circles.
      let write: Write | undefined;
      return (value, options) => {
        write ??= writerOf(form.message);
        return write(value, options);
      };
    }
    case "timestamp":
      return writeTimestamp;
    case "struct":
      return (value) =>
        hasProperties(value) && !Array.isArray(value) && isPlainJson(value) ? JSON.stringify(value) : undefined;
    case "wrapper": {
      const write = createValueWriter(form.value);
      const { typeName } = form.message;
      return form.unwrapped
        ? write
        : (message, options) => write(hasProperties(message, typeName) ? message["value"] : undefined, options);
    }
    case "reference":
      return () => undefined;
  }
}

/** Thrown where `toJson` has to write the whole message, and caught by `encodeJson`. */
const UNWRITABLE = {};
