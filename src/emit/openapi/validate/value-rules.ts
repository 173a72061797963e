import type { DescEnum } from "@bufbuild/protobuf";
import type { CelRule, ValueRules } from "../../../model/rules.js";
import { type Context, enumInJson } from "../context.js";
import type { JsonValue, Schema } from "../objects.js";
import { int64Bounds, numberBounds, timeBounds } from "./bounds.js";
import { type JoinedRules, joinRules, type RuleSchema } from "./combine.js";
import { textRules } from "./text-rules.js";

const INT64 = new Set(["int64", "sint64", "sfixed64", "uint64", "fixed64"]);

/** The schema of the rules of one value, including CEL. `desc` is its enum, if it has one. */
export function valueRuleSchema(context: Context, rules: ValueRules, desc?: DescEnum): JoinedRules {
  return joinRules(choices(context, rules, desc), ofType(context, rules), { notes: celNotes(rules.cel) });
}

/** Sentences for rules in CEL, which no keyword expresses. */
export function celNotes(rules: readonly CelRule[]): readonly string[] {
  return rules.map(({ id, message, expression }) => {
    const text = message === "" ? `\`${expression}\`` : message;
    return id === "" ? text : `${id}: ${text}`;
  });
}

function ofType({ options }: Context, rules: ValueRules): RuleSchema {
  switch (rules.type) {
    case "string":
    case "bytes":
      return textRules(rules);
    case "duration":
    case "timestamp":
      return { notes: timeBounds(rules) };
    case "field_mask":
      return {
        notes: [
          ...(rules.rules["in"] === undefined ? [] : [`Only ${paths(rules.rules["in"])}, or paths within.`]),
          ...(rules.rules["not_in"] === undefined ? [] : [`Neither ${paths(rules.rules["not_in"])} nor paths within.`]),
        ],
      };
    case "any":
      return anyRules(rules);
    case "enum":
      // The schema of an open enum allows numbers as well as names.
      return {
        keywords: options.openapi_enum === "open" && rules.rules["defined_only"] === true ? [{ type: "string" }] : [],
      };
    case "bool":
    case "repeated":
    case "map":
    case undefined:
      return {};
    default:
      return INT64.has(rules.type) ? int64Bounds(rules) : numberBounds(rules);
  }
}

/** `const`, `in`, `not_in` and `example`, which every type has, in the form that its values have in JSON. */
function choices(context: Context, { type, rules }: ValueRules, desc: DescEnum | undefined): RuleSchema {
  if (type === undefined || type === "any" || type === "field_mask") {
    return { extensions: examples(rules["example"]) };
  }
  const inJson = (value: JsonValue) => (desc === undefined ? [value] : enumInJson(context, desc, value));
  const list = (value: JsonValue | undefined) => (Array.isArray(value) ? value.flatMap(inJson) : undefined);
  const only = rules["const"] === undefined ? undefined : inJson(rules["const"]);
  const some = list(rules["in"]);
  const none = list(rules["not_in"]);
  return {
    keywords: [
      only === undefined ? {} : oneOfValues(only),
      some === undefined ? {} : { enum: some },
      none === undefined ? {} : { not: { enum: none } },
    ],
    extensions: examples(list(rules["example"])),
  };
}

/** A value that is one of these. */
export function oneOfValues(values: readonly JsonValue[]): Schema {
  const [first] = values;
  return values.length === 1 && first !== undefined ? { const: first } : { enum: values };
}

function examples(values: JsonValue | undefined): Schema {
  return Array.isArray(values) && values.length > 0 ? { examples: values } : {};
}

function anyRules({ rules }: ValueRules): RuleSchema {
  const { in: some, not_in: none } = rules;
  const ofType = (schema: Schema): Schema => ({ required: ["@type"], properties: { "@type": schema } });
  return {
    keywords: [
      Array.isArray(some) ? ofType({ enum: some }) : {},
      Array.isArray(none) ? { not: ofType({ enum: none }) } : {},
    ],
  };
}

function paths(value: JsonValue): string {
  return (Array.isArray(value) ? value : []).map((path) => `\`${path}\``).join(", ");
}
