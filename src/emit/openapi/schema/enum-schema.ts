import type { DescEnum, DescEnumValue } from "@bufbuild/protobuf";
import { componentName } from "../components.js";
import { type Context, enumNames } from "../context.js";
import { describe, paragraphs } from "../describe.js";
import type { Schema } from "../objects.js";

/** The schema of an enum: a component, except for NullValue, which is `null`. */
export function enumSchema(context: Context, desc: DescEnum): Schema {
  if (desc.typeName === "google.protobuf.NullValue") {
    return { type: "null" };
  }
  return context.components.schema(componentName(desc), () => buildEnum(context, desc));
}

function buildEnum(context: Context, desc: DescEnum): Schema {
  const { options } = context;
  const values = options.openapi_enum === "integer" ? uniqueNumbers(desc) : enumNames(desc);
  const docs = values.map((value) => describe(value)?.replace(/\s*\n\s*/g, " "));
  const numbers = { type: "integer", format: "int32" } as const;
  const names = { type: "string", enum: values.map((value) => value.name) } as const;
  return {
    title: context.title(desc.name),
    description: paragraphs(describe(desc), values.map((value, i) => listItem(value, docs[i])).join("\n")),
    ...(options.openapi_enum === "integer"
      ? { ...numbers, enum: values.map((value) => value.number) }
      : // Readers of a closed enum reject unknown numbers, so writers do not send them.
        options.openapi_enum === "open" && desc.open
        ? { anyOf: [names, numbers] }
        : names),
    deprecated: desc.deprecated || desc.parent?.deprecated || desc.file.deprecated || undefined,
    "x-enum-varnames": values.map((value) => value.name),
    "x-enum-descriptions": docs.some((text) => text !== undefined) ? docs.map((text) => text ?? "") : undefined,
  };
}

function uniqueNumbers(desc: DescEnum): readonly DescEnumValue[] {
  return desc.values.filter((value) => desc.values.find((other) => other.number === value.number) === value);
}

function listItem(value: DescEnumValue, docs: string | undefined): string {
  return `- \`${value.name}\`${value.deprecated ? " (deprecated)" : ""}${docs === undefined ? "" : `: ${docs}`}`;
}
