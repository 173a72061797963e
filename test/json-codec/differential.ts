/**
 * Compares our codec with `fromJson` and `toJson` of protobuf-es, which are its reference, over random messages and
 * random JSON. Runs with the installed release of protobuf-es, and bundled with the oldest and the newest one.
 */
import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type Message,
  ScalarType,
  setExtension,
  toJson,
} from "@bufbuild/protobuf";
import { anyPack, FileDescriptorSetSchema, isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { decodeJson } from "../../templates/typescript/shared/codec/decode-json.js";
import { encodeJson } from "../../templates/typescript/shared/codec/encode-json.js";

/** What was compared, by outcome. */
export interface Counts {
  /** Messages and JSON that both took, with equal results. */
  equal: number;
  /** Those that both refused, with equal errors. */
  refused: number;
}

/** Throws an error with the message or the JSON where the codec and protobuf-es differ. */
export function compareCodec(descriptorSet: Uint8Array, runs: number): Record<"encode" | "decode", Counts> {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const types = [...registry].filter((type): type is DescMessage => type.kind === "message");
  const counts = { encode: { equal: 0, refused: 0 }, decode: { equal: 0, refused: 0 } };
  for (let run = 0; run < runs; run++) {
    for (const desc of types) {
      const random = new Random(run * types.length + types.indexOf(desc), registry);
      const message = random.message(desc, 3);
      const writeOptions = random.pick(WRITE_OPTIONS)(registry);
      compare("encode", desc, message, writeOptions, [
        () => JSON.stringify(toJson(desc, message, writeOptions)),
        () => encodeJson(desc, message, writeOptions),
      ]);
      const json = random.json(desc, message);
      const readOptions = random.pick(READ_OPTIONS)(registry);
      compare("decode", desc, json, readOptions, [
        () => fromJson(desc, parse(json), readOptions),
        () => decodeJson(desc, parse(json), readOptions),
      ]);
    }
  }
  return counts;

  function compare(
    direction: "encode" | "decode",
    desc: DescMessage,
    input: unknown,
    options: object,
    [reference, ours]: [() => unknown, () => unknown],
  ) {
    const [expected, got] = [outcome(reference), outcome(ours)];
    const difference = findDifference(expected, got, "");
    if (difference !== undefined) {
      const { registry: hasRegistry, ...rest } = options as { registry?: unknown };
      throw new Error(
        `${direction} of ${desc.typeName} differs at ${difference}: expected ${show(expected)}, got ${show(got)}, from ${show(input)} with ${show({ ...rest, hasRegistry: hasRegistry !== undefined })}`,
      );
    }
    counts[direction]["error" in expected ? "refused" : "equal"]++;
    // Some releases of protobuf-es give all messages the same empty bytes.
    if (shares(got, outcome(ours)) && !shares(expected, outcome(reference))) {
      throw new Error(`${direction} of ${desc.typeName} gives two messages the same object, from ${show(input)}`);
    }
  }
}

const WRITE_OPTIONS = [
  () => ({}),
  () => ({}),
  (registry: FileRegistry) => ({ registry }),
  (registry: FileRegistry) => ({ registry, alwaysEmitImplicit: true }),
  () => ({ enumAsInteger: true }),
  () => ({ useProtoFieldName: true, alwaysEmitImplicit: true }),
];

const READ_OPTIONS = [
  () => ({}),
  () => ({ ignoreUnknownFields: true }),
  (registry: FileRegistry) => ({ registry, ignoreUnknownFields: true }),
  (registry: FileRegistry) => ({ registry }),
  (registry: FileRegistry) => ({ registry, recursionLimit: 3 }),
];

/** As it comes from the wire: keys such as `__proto__` are own properties. */
function parse(json: string) {
  return JSON.parse(json);
}

function outcome(run: () => unknown): { value: unknown } | { error: unknown } {
  try {
    return { value: run() };
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: unknown };
    return { error: { name, message, cause: cause instanceof Error ? [cause.name, cause.message] : cause } };
  }
}

/** The way to what differs: values, prototypes, properties and their order. */
function findDifference(expected: unknown, got: unknown, path: string): string | undefined {
  if (typeof expected !== "object" || expected === null || typeof got !== "object" || got === null) {
    return Object.is(expected, got) ? undefined : path;
  }
  const [expectedKeys, gotKeys] = [Object.keys(expected), Object.keys(got)];
  const isAlike =
    isAlikePrototype(Object.getPrototypeOf(expected), Object.getPrototypeOf(got)) &&
    expectedKeys.join("\0") === gotKeys.join("\0") &&
    Object.getOwnPropertySymbols(got).length === Object.getOwnPropertySymbols(expected).length;
  if (!isAlike) {
    return `${path} (keys ${expectedKeys} and ${gotKeys})`;
  }
  for (const key of expectedKeys) {
    const [a, b] = [expected, got].map((object) => Object.getOwnPropertyDescriptor(object, key)?.value);
    const difference = findDifference(a, b, `${path}.${key}`);
    if (difference !== undefined) {
      return difference;
    }
  }
  return undefined;
}

/** Whether two values have an object in common. */
function shares(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) {
    return false;
  }
  return a === b || Object.keys(a).some((key) => shares(Reflect.get(a, key), Reflect.get(b, key)));
}

/** The same object; older releases of protobuf-es make a value under the key `__proto__` the prototype of a map. */
function isAlikePrototype(expected: object | null, got: object | null): boolean {
  return (
    expected === got ||
    (expected !== null && "$typeName" in expected && findDifference(expected, got, "") === undefined)
  );
}

function show(value: unknown): string {
  return String(
    JSON.stringify(value, (_, item) =>
      typeof item === "bigint"
        ? `${item}n`
        : Object.is(item, -0) || (typeof item === "number" && !Number.isFinite(item))
          ? Object.is(item, -0)
            ? "-0"
            : String(item)
          : item,
    ),
  ).slice(0, 2000);
}

const FLOATS = [
  0,
  -0,
  1,
  -1.5,
  0.1,
  1e21,
  1e-7,
  3.4e38,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const DOUBLES = [...FLOATS, 1e300, 5e-324, Number.MAX_SAFE_INTEGER];
const STRINGS = [
  "", "a", "text", "NaN", "0", '"', "\\", "\n\t\b\u0000", "\u007f\u2028\u2029", "grüße", "😀", "\ud800", "a\udc00b",
  "</script>", "__proto__", "constructor", "toString", "1", "-0", "01", "x".repeat(70), `${"é".repeat(70)}"`,
]; // biome-ignore format: a list of values
const INT64S = ["0", "1", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808"].map(BigInt);
const UINT64S = ["0", "1", "18446744073709551615", "9223372036854775808"].map(BigInt);
const INT32S = [0, -0, 1, -1, 2147483647, -2147483648];
const UINT32S = [0, -0, 1, 4294967295];
/** What no field, or some other field, holds. */
const ODD = [
  null, undefined, true, "text", "", "1", 1.5, -0, 1e30, 4294967296, -1, Number.NaN, BigInt(1), BigInt(2) ** BigInt(64),
  [], [null], {}, { a: 1 }, new Uint8Array([1]), { case: "stringValue" }, { case: undefined }, { $typeName: "codec.v3.Names" },
]; // biome-ignore format: a list of values
const ODD_JSON = [
  null, true, false, 0, 1, -1, 1.5, -0, 1e30, 4294967296, 2147483648, "", "1", "01", " 1", "1.0", "1e3", "-0", "NaN", "Infinity",
  "true", "AA", "AA==", "_-8", "+/8=", "*", "SIDE_BID", "SIDE_NONE", "CLOSED_TWO", "LEVEL_HIGH", 7, [], [null], ["a"], [1], {}, { a: 1 }, { "01": 1 },
  "1972-01-01T10:00:20.021Z", "2024-02-30T00:00:00Z", "2024-01-01T24:00:00Z", "0001-01-01T00:00:00Z", "2024-01-01T00:00:00+01:00",
  "2024-01-01T00:00:60Z", "2024-01-01T00:00:00.1234567890Z", "2024-13-01T00:00:00Z", "2024-01-01t00:00:00z", "1.5s", "a,bC", "\ud800",
  { "@type": "type.googleapis.com/codec.v3.Names", first: "a" }, { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1s" }, { "@type": "x" },
]; // biome-ignore format: a list of values

/** Random values, the same for the same seed. */
class Random {
  #state: number;
  readonly #registry: FileRegistry;

  constructor(seed: number, registry: FileRegistry) {
    this.#state = seed + 1;
    this.#registry = registry;
  }

  /** Mulberry32. From 0 to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)] as T; // in its range
  }

  times<T>(max: number, make: () => T): T[] {
    return Array.from({ length: Math.floor(this.next() * (max + 1)) }, make);
  }

  /** A message, sometimes with a value that its type does not have. */
  message(desc: DescMessage, depth: number): Message {
    const message = create(desc);
    const wellKnown = this.#wellKnown(desc, depth);
    if (wellKnown !== undefined) {
      return Object.assign(message, wellKnown);
    }
    const density = this.pick([0.1, 0.4, 0.9]);
    for (const field of desc.fields) {
      if ((depth <= 0 && field.message) || (field.presence === 3 ? this.chance(0.02) : !this.chance(density))) {
        continue;
      }
      const value = this.chance(0.003) ? this.pick(ODD) : this.#field(field, depth - 1);
      const { oneof, localName } = field;
      Object.assign(message, oneof ? { [oneof.localName]: { case: localName, value } } : { [localName]: value });
    }
    if (desc.typeName === "codec.v2.Defaults" && this.chance(0.2)) {
      for (const extension of [...this.#registry].filter((type) => type.kind === "extension")) {
        if (extension.extendee === desc && extension.fieldKind === "scalar") {
          setExtension(message, extension, "text");
        }
      }
    }
    return this.chance(0.003) ? Object.assign(message, { $typeName: "other.Type" }) : message;
  }

  #field(field: DescField, depth: number): unknown {
    if (field.fieldKind === "list") {
      return this.times(depth > 0 ? 3 : 1, () => (this.chance(0.003) ? this.pick(ODD) : this.#value(field, depth)));
    }
    if (field.fieldKind === "map") {
      const keys = this.times(3, () => (this.chance(0.01) ? this.pick(STRINGS) : String(this.#scalar(field.mapKey))));
      const entries = keys.map((key) => [key, this.chance(0.003) ? this.pick(ODD) : this.#value(field, depth)]);
      return Object.fromEntries(entries);
    }
    return this.#value(field, depth);
  }

  #value(field: DescField, depth: number): unknown {
    const { message, enum: enumeration, scalar } = field;
    if (message) {
      if (message.typeName === "google.protobuf.Struct") {
        return this.#struct(depth);
      }
      const value = this.message(message, depth);
      const isBare = isWrapperDesc(message) && field.fieldKind === "message" && !field.oneof;
      return isBare ? Reflect.get(value, "value") : value;
    }
    if (enumeration) {
      return this.chance(0.05) ? this.pick([-1, 99, 1.5, -0]) : this.pick(enumeration.values).number;
    }
    const value = this.#scalar(scalar ?? ScalarType.STRING);
    return "longAsString" in field && field.longAsString ? String(value) : value;
  }

  #scalar(type: ScalarType): unknown {
    switch (type) {
      case ScalarType.BOOL:
        return this.chance(0.5);
      case ScalarType.STRING:
        return this.pick(STRINGS);
      case ScalarType.BYTES:
        return new Uint8Array(this.times(5, () => Math.floor(this.next() * 256)));
      case ScalarType.DOUBLE:
        return this.chance(0.2) ? this.next() : this.pick(DOUBLES);
      case ScalarType.FLOAT:
        return this.pick(FLOATS);
      case ScalarType.UINT32:
      case ScalarType.FIXED32:
        return this.pick(UINT32S);
      case ScalarType.UINT64:
      case ScalarType.FIXED64:
        return this.pick(UINT64S);
      case ScalarType.INT64:
      case ScalarType.SINT64:
      case ScalarType.SFIXED64:
        return this.pick(INT64S);
      default:
        return this.pick(INT32S);
    }
  }

  #struct(depth: number): unknown {
    const value = (): unknown =>
      this.pick([() => null, () => true, () => this.next(), () => this.pick(STRINGS), () => this.#struct(depth - 1)])();
    return Object.fromEntries(this.times(depth > 0 ? 2 : 0, () => [this.pick(STRINGS), value()]));
  }

  /** The fields of types with a JSON of their own: any values would hardly ever have one. */
  #wellKnown(desc: DescMessage, depth: number): object | undefined {
    const nanos = () => this.pick([0, 1, 999_999_999, 120_000_000, 1_230_000, 1_000, -1, 1e9, 1.5]);
    switch (desc.typeName) {
      case "google.protobuf.Timestamp":
        return {
          seconds: BigInt(this.pick([0, 1700000000, -1, -62135596800, 253402300799, 253402300800, 951782400])),
          nanos: nanos(),
        };
      case "google.protobuf.Duration":
        return { seconds: BigInt(this.pick([0, 1, -1, 315576000000])), nanos: nanos() };
      case "google.protobuf.FieldMask":
        return { paths: this.times(2, () => this.pick(["a", "a_b", "a.b_c", "aB"])) };
      case "google.protobuf.Any": {
        const type = this.#registry.getMessage(
          this.pick(["codec.v3.Names", "google.protobuf.Timestamp", "codec.v3.Nothing"]),
        );
        if (!type || depth <= 0) {
          return {};
        }
        try {
          return { ...anyPack(type, this.message(type, 1)) };
        } catch {
          return { typeUrl: "type.googleapis.com/none" };
        }
      }
      case "google.protobuf.Value":
        return {
          kind: this.pick([
            { case: "stringValue", value: "a" },
            { case: "numberValue", value: 1 },
            { case: "nullValue", value: 0 },
            { case: undefined },
          ]),
        };
      case "google.protobuf.Struct":
        return {};
      case "google.protobuf.ListValue":
        return {};
      default:
        return undefined;
    }
  }

  /** The JSON of a message in one of its spellings, often with a change. */
  json(desc: DescMessage, message: Message): string {
    let json: unknown = {};
    try {
      json = toJson(desc, message, { ...this.pick(WRITE_OPTIONS)(this.#registry), registry: this.#registry });
    } catch {
      // Then the JSON of an empty message, with changes.
    }
    const changes = this.pick([0, 0, 0.02, 0.1, 0.3]);
    const text = JSON.stringify(this.#change(json, desc, changes));
    // `JSON.stringify` writes 0 for -0, and no key twice.
    return this.chance(0.05) ? text.replace(/:0([,}])/, ":-0$1") : text;
  }

  #change(json: unknown, desc: DescMessage | undefined, changes: number): unknown {
    if (this.chance(changes)) {
      return this.pick(ODD_JSON);
    }
    if (Array.isArray(json)) {
      return json.map((item) => this.#change(item, desc, changes));
    }
    if (typeof json !== "object" || json === null) {
      return json;
    }
    const entries = Object.entries(json).map(([key, value]): [string, unknown] => {
      const field = desc?.fields.find(({ name, jsonName }) => name === key || jsonName === key);
      const changed = this.#change(value, field ? field.message : desc, changes);
      return [field && this.chance(changes / 4) ? this.pick([field.name, field.jsonName]) : key, changed];
    });
    if (this.chance(changes) && desc?.fields.length) {
      const field = this.pick(desc.fields);
      entries.push([this.pick([field.name, field.jsonName]), this.pick(ODD_JSON)]);
    }
    if (this.chance(changes / 2)) {
      entries.push([
        this.pick(["unknown", "[codec.v2.ext_text]", "[codec.v2.none]", "__proto__", "constructor", ""]),
        this.pick(ODD_JSON),
      ]);
    }
    return Object.fromEntries(entries);
  }
}
