import type { DescField } from "@bufbuild/protobuf";
import type { Method, Stream } from "../../../model/model.js";
import { componentName, componentPart } from "../components.js";
import { type Context, createNames } from "../context.js";
import { describe } from "../describe.js";
import type { Schema } from "../objects.js";
import { valueSchema } from "../schema/field-schema.js";
import { messageSchema } from "../schema/message-schema.js";
import { statusSchema } from "../schema/well-known-schema.js";

/** One kind of event of a stream. */
interface EventKind {
  readonly name: string;
  /** Whether the frame has an `event:` line. Without it an event's name is `message`, WHATWG HTML 9.2.6. */
  readonly isNamed: boolean;
  /** The parsed `data:`, or a literal that is not JSON. */
  readonly data: { readonly json: Schema } | { readonly literal: string };
  /** A failure or a literal end: it has no id. */
  readonly isOutOfBand: boolean;
  readonly field?: DescField;
}

/** The schema of an event as a parser gives it: a component `<service>.<method>.Event`, with a branch a kind. */
export function eventSchema(context: Context, method: Method, stream: Stream): Schema {
  const { desc } = method;
  const component = componentName(desc.parent, desc.name, "Event");
  return context.components.schema(component, () => {
    const title = context.title(`${desc.name} server-sent event`);
    const kinds = eventKinds(context, method, stream);
    const unique = createNames();
    const branches = kinds.map((kind) => ({
      kind,
      ...context.components.schema(
        { ...component, local: unique(`${component.local}.${componentPart(kindName(kind))}`) },
        () => branchSchema(context, method, kind, stream),
      ),
    }));
    return {
      title,
      description: `An event of the stream \`${desc.name}\`, as a parser of Server-Sent Events returns it.`,
      oneOf: branches.map(({ $ref }) => ({ $ref })),
      // A hint, as each branch has its `const`. The key `__proto__` readers in JavaScript lose, or fail at (immer 9).
      discriminator: kinds.every((kind) => kind.isNamed && kind.name !== "__proto__")
        ? {
            propertyName: "event",
            mapping: Object.fromEntries(branches.map(({ kind, $ref }) => [kind.name, $ref])),
          }
        : undefined,
    };
  });
}

/** The schemas of what `data:` holds, parsed. */
export function dataSchemas(context: Context, method: Method, stream: Stream): readonly Schema[] {
  const schemas = eventKinds(context, method, stream).map(
    ({ data }): Schema => ("json" in data ? data.json : { type: "string", const: data.literal }),
  );
  // Events of equal data need one schema, and generators make a type of each.
  return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
}

function eventKinds(context: Context, { desc }: Method, { events, errorEvent, terminalData }: Stream): EventKind[] {
  const ordinary: EventKind[] =
    events.kind === "message"
      ? [
          {
            name: events.name ?? "message",
            isNamed: events.name !== undefined,
            data: { json: messageSchema(context, desc.output) },
            isOutOfBand: false,
          },
        ]
      : events.members.map(({ name, field }) => ({
          name,
          isNamed: true,
          data: { json: valueSchema(context, field) },
          isOutOfBand: false,
          field,
        }));
  const failure: EventKind = {
    name: errorEvent,
    isNamed: true,
    data: { json: statusSchema(context) },
    isOutOfBand: true,
  };
  if (terminalData === undefined) {
    return [...ordinary, failure];
  }
  const data = { literal: asParsed(terminalData) };
  return [...ordinary, failure, { name: "message", isNamed: false, data, isOutOfBand: true }];
}

function kindName({ name, data }: EventKind): string {
  return "literal" in data ? "end" : name;
}

function kindDescription({ data, isOutOfBand, field }: EventKind): string | undefined {
  if (field !== undefined) {
    return describe(field);
  }
  if ("literal" in data) {
    return "The end of the stream.";
  }
  return isOutOfBand ? "An error after the stream has started. It ends the stream." : undefined;
}

/** What a parser makes of the lines of a text: one with LF between them. */
export function asParsed(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** OpenAPI 3.2.0, "Special Considerations for Server-Sent Events": the fields of an event are strings, but `retry`. */
function branchSchema(
  context: Context,
  { desc }: Method,
  kind: EventKind,
  { id, resumable, terminalData }: Stream,
): Schema {
  const hasId = id !== undefined && !kind.isOutOfBand;
  const required = [...(kind.isNamed ? ["event"] : []), "data", ...(hasId && resumable ? ["id"] : [])];
  return {
    title: context.title(`${desc.name} event: ${kindName(kind)}`),
    description: kindDescription(kind),
    type: "object",
    required,
    properties: {
      event: { type: "string", const: kind.name },
      data:
        "literal" in kind.data
          ? { type: "string", const: kind.data.literal }
          : {
              type: "string",
              // Few readers look into a string, and to the others the literal is an event like any.
              not:
                kind.name === "message" && terminalData !== undefined ? { const: asParsed(terminalData) } : undefined,
              contentMediaType: "application/json",
              contentSchema: kind.data.json,
            },
      ...(kind.isOutOfBand ? {} : { id: { type: "string" as const } }),
      retry: { type: "integer", minimum: 0 },
    },
    deprecated: kind.field?.deprecated || undefined,
  };
}
