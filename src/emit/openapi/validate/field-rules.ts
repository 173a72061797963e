import { type DescEnum, type DescField, ScalarType } from "@bufbuild/protobuf";
import { isZeroUnset } from "../../../model/json-form.js";
import type { ValueRules } from "../../../model/rules.js";
import { type Context, enumInJson, validateRules } from "../context.js";
import { paragraphs } from "../describe.js";
import type { JsonValue, Schema } from "../objects.js";
import { combine, joinRules, type RuleSchema } from "./combine.js";
import { oneOfValues, valueRuleSchema } from "./value-rules.js";

/** The zero value in JSON. Enums can have several names for it. Undefined for messages. */
type Zero = readonly JsonValue[] | undefined;

/** A field's schema with its rules of buf.validate. */
export function withRules(context: Context, field: DescField, schema: Schema): Schema {
  const rules = validateRules(context, field);
  if (rules === undefined) {
    return schema;
  }
  const zero = zeroOf(context, field);
  const ruled = withValueRules(
    context,
    withNested(context, field, rules, schema),
    rules,
    zero,
    field.enum,
    sizes(rules),
  );
  return rules.required && isZeroUnset(field) ? combine(ruled, ...nonZero(field, zero)) : ruled;
}

/** The elements of a list, and the keys and values of a map. */
function withNested(context: Context, field: DescField, rules: ValueRules, schema: Schema): Schema {
  if (field.fieldKind === "list" && rules.items !== undefined && schema.items !== undefined) {
    return {
      ...schema,
      items: withValueRules(context, schema.items, rules.items, zeroOfSingle(context, field), field.enum),
    };
  }
  if (field.fieldKind !== "map") {
    return schema;
  }
  const { additionalProperties: values } = schema;
  return {
    ...schema,
    propertyNames:
      rules.keys === undefined ? schema.propertyNames : keySchema(context, schema.propertyNames, rules.keys),
    additionalProperties:
      rules.values === undefined || typeof values !== "object"
        ? values
        : withValueRules(context, values, rules.values, zeroOfSingle(context, field), field.enum),
  };
}

/** Keys are strings in JSON: rules of strings and lists of values apply to them, but bounds do not. */
function keySchema(context: Context, schema: Schema | undefined, rules: ValueRules): Schema {
  const { keywords, notes } = valueRuleSchema(context, asText(rules));
  const isText = rules.type === "string";
  const described = notes.length > 0 ? { description: paragraphs(...notes) } : {};
  const bounds = isText
    ? []
    : keywords.filter((keyword) => !("enum" in keyword || "const" in keyword || "not" in keyword));
  const fitting = keywords.filter((keyword) => !bounds.includes(keyword));
  return combine({ ...schema, ...described }, ...exempting(fitting, rules, isText ? [""] : undefined));
}

function asText(rules: ValueRules): ValueRules {
  if (rules.type === "string") {
    return rules;
  }
  const text = (value: ValueRules["rules"][string]) => (Array.isArray(value) ? value.map(String) : String(value));
  return {
    ...rules,
    rules: Object.fromEntries(Object.entries(rules.rules).map(([name, value]) => [name, text(value)])),
  };
}

function withValueRules(
  context: Context,
  schema: Schema,
  rules: ValueRules,
  zero: Zero,
  desc: DescEnum | undefined,
  more: RuleSchema = {},
): Schema {
  const { keywords, notes, extensions } = joinRules(valueRuleSchema(context, rules, desc), more);
  // The description of a scalar is about `NaN` and infinities, which `finite` forbids.
  const description = rules.rules["finite"] === true ? undefined : schema.description;
  return combine(
    { ...schema, ...extensions, description: paragraphs(description, ...notes) },
    ...exempting(keywords, rules, zero),
  );
}

/** `IGNORE_IF_ZERO_VALUE`: the zero value need not satisfy the rules. Messages do not have a zero value. */
function exempting(keywords: readonly Schema[], { exemptsZero }: ValueRules, zero: Zero): readonly Schema[] {
  if (!exemptsZero || zero === undefined || keywords.length === 0) {
    return keywords;
  }
  return [{ anyOf: [oneOfValues(zero), combine({}, ...keywords)] }];
}

/** How many elements a list or a map has. */
function sizes({ type, rules }: ValueRules): RuleSchema {
  const { min_items, max_items, unique, min_pairs, max_pairs } = rules;
  if (type === "repeated") {
    return {
      keywords: [
        min_items === undefined ? {} : { minItems: Number(min_items) },
        max_items === undefined ? {} : { maxItems: Number(max_items) },
        unique === true ? { uniqueItems: true } : {},
      ],
    };
  }
  if (type !== "map") {
    return {};
  }
  return {
    keywords: [
      min_pairs === undefined ? {} : { minProperties: Number(min_pairs) },
      max_pairs === undefined ? {} : { maxProperties: Number(max_pairs) },
    ],
  };
}

/** A field without presence is set when it is not zero. */
function nonZero(field: DescField, zero: Zero): readonly Schema[] {
  if (field.fieldKind === "list") {
    return [{ minItems: 1 }];
  }
  if (field.fieldKind === "map") {
    return [{ minProperties: 1 }];
  }
  if (zero === undefined) {
    return [];
  }
  return zero[0] === "" ? [{ minLength: 1 }] : [{ not: oneOfValues(zero) }];
}

function zeroOf(context: Context, field: DescField): Zero {
  if (field.fieldKind === "list") {
    return [[]];
  }
  if (field.fieldKind === "map") {
    return [{}];
  }
  return zeroOfSingle(context, field);
}

function zeroOfSingle(context: Context, field: DescField): Zero {
  if (field.enum !== undefined) {
    return enumInJson(context, field.enum, field.enum.values[0]?.number ?? 0);
  }
  if (field.message !== undefined) {
    return undefined;
  }
  switch (field.scalar) {
    case ScalarType.BOOL:
      return [false];
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return [""];
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return ["0"];
    default:
      return [0];
  }
}
