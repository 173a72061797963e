import type { DescField, DescMessage, DescOneof, JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { ForeignOptions } from "./foreign-option.js";

/** `buf.validate.FieldRules`: the rules of a field, of the elements of a list, or of the keys or values of a map. */
export interface ValueRules {
  readonly required: boolean;
  /** Which values are exempt from the rules; undefined if `ignore` is not set. */
  readonly ignore: "never" | "zero" | "always" | undefined;
  /** Rules in CEL, including predefined rules. */
  readonly cel: readonly CelRule[];
  /** The type whose rules are set, such as `string`, `int64` or `repeated`; undefined if none are. */
  readonly type: string | undefined;
  /** Those rules by their names in the proto, as ProtoJSON. */
  readonly rules: Readonly<Record<string, JsonValue>>;
  readonly items: ValueRules | undefined;
  readonly keys: ValueRules | undefined;
  readonly values: ValueRules | undefined;
}

/** A rule in the Common Expression Language; what is not written is empty. */
export interface CelRule {
  readonly id: string;
  readonly message: string;
  readonly expression: string;
}

/** `buf.validate.MessageRules` */
export interface MessageRules {
  readonly cel: readonly CelRule[];
  /** Fields, by their names in the proto, of which at most one is set; with `required`, exactly one. */
  readonly oneofs: readonly { readonly fields: readonly string[]; readonly required: boolean }[];
}

/** `(buf.validate.field)` */
export function readValueRules(desc: DescField, options: ForeignOptions): ValueRules | undefined {
  const written = options.read(desc, "buf.validate.field");
  return written && valueRules(written.json, options);
}

/** `(buf.validate.message)` */
export function readMessageRules(desc: DescMessage, options: ForeignOptions): MessageRules {
  const written = options.read(desc, "buf.validate.message")?.json ?? {};
  return {
    cel: celRules(written),
    oneofs: list(written["oneof"]).map((oneof) => ({
      fields: list(object(oneof)["fields"]).map(String),
      required: object(oneof)["required"] === true,
    })),
  };
}

/** `(buf.validate.oneof).required` */
export function readOneofRequired(desc: DescOneof, options: ForeignOptions): boolean {
  return options.read(desc, "buf.validate.oneof")?.json["required"] === true;
}

/** The fields of FieldRules that apply to every type. */
const COMMON = new Set(["cel", "cel_expression", "required", "ignore"]);

function valueRules(written: JsonObject, options: ForeignOptions): ValueRules {
  const type = Object.keys(written).find((key) => !COMMON.has(key));
  const ofType = Object.entries(object(type === undefined ? {} : written[type]));
  const nested = (key: string) => {
    const [, value] = ofType.find(([k]) => k === key) ?? [];
    return value === undefined ? undefined : valueRules(object(value), options);
  };
  return {
    required: written["required"] === true,
    ignore: ignore(written["ignore"]),
    cel: [...celRules(written), ...ofType.flatMap(([key]) => predefinedRules(key, options))],
    type,
    rules: Object.fromEntries(ofType.filter(([key]) => !key.startsWith("[") && !NESTED.has(`${type}.${key}`))),
    items: type === "repeated" ? nested("items") : undefined,
    keys: type === "map" ? nested("keys") : undefined,
    values: type === "map" ? nested("values") : undefined,
  };
}

const NESTED = new Set(["repeated.items", "map.keys", "map.values"]);

/** Earlier releases called the first of them `IGNORE_IF_UNPOPULATED`. */
function ignore(written: JsonValue | undefined): ValueRules["ignore"] {
  if (written === undefined) {
    return undefined;
  }
  return written === "IGNORE_ALWAYS" ? "always" : written === "IGNORE_UNSPECIFIED" ? "never" : "zero";
}

/** A predefined rule: an extension of the rules of a type, with the key `[full.name]` in JSON. */
function predefinedRules(key: string, options: ForeignOptions): readonly CelRule[] {
  const rule = key.startsWith("[") ? options.readOfExtension(key.slice(1, -1), "buf.validate.predefined") : undefined;
  return celRules(rule?.json ?? {});
}

function celRules(written: JsonObject): readonly CelRule[] {
  const text = (value: JsonValue | undefined) => (typeof value === "string" ? value : "");
  return [
    ...list(written["cel"])
      .map(object)
      .map(({ id, message, expression }) => ({
        id: text(id),
        message: text(message),
        expression: text(expression),
      })),
    ...list(written["cel_expression"]).map((expression) => ({ id: "", message: "", expression: text(expression) })),
  ];
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function object(value: JsonValue | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
