import type { Header, Method, Variable } from "../../../model/model.js";
import type { Context } from "../context.js";
import { paragraphs } from "../describe.js";
import { exampleAt } from "../example.js";
import type { JsonValue, ParameterObject } from "../objects.js";
import { parameterSchema } from "../schema/field-schema.js";
import { jsonPath, type PathSlot } from "./openapi-path.js";

/** The parameters of a path, OpenAPI 3.2.0, Parameter Object, under the names that the path has for them. */
export function pathParameters(
  context: Context,
  slots: readonly PathSlot[],
  names: readonly string[],
  example: JsonValue | undefined,
): readonly ParameterObject[] {
  return slots.map((slot, i) => pathParameter(context, slot, names[i] ?? slot.name, example));
}

/** The headers that a method takes. */
export function headerParameters({ headers, answer }: Method): readonly ParameterObject[] {
  const isResumable = answer.kind === "stream" && answer.stream.resumable;
  return [...headers.map(headerParameter), ...(isResumable ? [lastEventId] : [])];
}

function pathParameter(
  context: Context,
  slot: PathSlot,
  name: string,
  example: JsonValue | undefined,
): ParameterObject {
  const { variable, isWhole, isMultiSegment } = slot;
  const leaf = variable?.fields.at(-1);
  const { description, schema } =
    isWhole && leaf !== undefined
      ? parameterSchema(context, leaf)
      : { description: leaf && `A part of \`${protoPath(variable)}\`.`, schema: { type: "string" as const } };
  return {
    name,
    in: "path",
    description: paragraphs(
      description,
      leaf === undefined ? "Any text: the server does not look at it." : undefined,
      isMultiSegment ? "May contain `/`." : undefined,
    ),
    required: true,
    deprecated: variable?.fields.some((field) => field.deprecated) || undefined,
    allowReserved: (isMultiSegment && context.version === "3.2") || undefined,
    schema,
    example: isWhole && variable !== undefined ? exampleAt(context, example, variable.fields) : undefined,
    "x-multi-segment": isMultiSegment || undefined,
    "x-proto-field":
      isWhole && variable !== undefined && name === jsonPath(context, variable) ? undefined : protoPath(variable),
  };
}

function protoPath(variable: Variable | undefined): string | undefined {
  return variable?.fields.map((field) => field.name).join(".");
}

function headerParameter(header: Header): ParameterObject {
  const example = headerExample(header);
  const { name, type, format, required, description, deprecated } = header;
  const note = header.example !== undefined && example === undefined ? `Example: \`${header.example}\`.` : undefined;
  return {
    name,
    in: "header",
    description: paragraphs(description, note),
    required: required || undefined,
    deprecated: deprecated || undefined,
    // As text: `a,b`, OpenAPI 3.2.0, "Style Values", `simple`.
    schema: type === "array" ? { type, items: { type: "string", format } } : { type, format },
    example,
  };
}

/** The example as a value of the header's type; undefined if it is not one, or if no number represents it exactly. */
function headerExample({ type, example }: Header): JsonValue | undefined {
  if (example === undefined || type === "string") {
    return example;
  }
  if (type === "array") {
    return example.split(",").map((element) => element.trim());
  }
  if (type === "boolean") {
    return example === "true" ? true : example === "false" ? false : undefined;
  }
  const value = example.trim() === "" ? Number.NaN : Number(example);
  const isExact = type === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value);
  return isExact ? value : undefined;
}

/** WHATWG HTML 9.2.4. */
const lastEventId: ParameterObject = {
  name: "Last-Event-ID",
  in: "header",
  description:
    "The `id` of the last event received; the server resumes after it. Also read from the query parameter `last_event_id`.",
  schema: { type: "string" },
};
