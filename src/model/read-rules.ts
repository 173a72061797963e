import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { readFieldDocument } from "../annotations/document.js";
import { type FieldBehavior, readFieldBehavior } from "../annotations/field-behavior.js";
import { type ForeignOptions, UnreadableOption } from "../annotations/foreign-option.js";
import { readGnostic } from "../annotations/gnostic.js";
import { readSebufExamples } from "../annotations/sebuf.js";
import * as validate from "../annotations/validate.js";
import { isRestricted } from "../annotations/visibility.js";
import { FieldDocumentSchema } from "../gen/sse/v1/annotations_pb.js";
import type { Problems } from "../problems.js";
import { buildExternalDocs } from "./document.js";
import { readExample } from "./examples.js";
import { isZeroUnset } from "./json-form.js";
import type { Service } from "./model.js";
import type { FieldRules, MessageRules, Rules, ValueRules } from "./rules.js";

/** Reads the rules of the services, and of the messages that their methods lead to. */
export function readRules(services: readonly Service[], options: ForeignOptions, problems: Problems): Rules {
  const fields = new Map<DescField, FieldRules>();
  const messages = new Map<DescMessage, MessageRules>();
  const restricted = new Set<Parameters<typeof isRestricted>[0]>();
  const gnostic = new Map<Parameters<typeof readGnostic>[0], NonNullable<ReturnType<typeof readGnostic>>>();

  for (const file of new Set(services.map(({ desc }) => desc.file))) {
    readDocument(file);
  }
  for (const { desc, methods } of services) {
    readVisibility(desc);
    for (const method of methods) {
      readVisibility(method.desc);
      readDocument(method.desc);
    }
  }
  for (const desc of reachableFrom(services)) {
    readDocument(desc);
    const rules = read(() => messageRules(desc, options));
    if (rules !== undefined) {
      messages.set(desc, rules);
    }
    // Most fields of most protos have none of these options.
    for (const field of desc.fields.filter(({ proto }) => proto.options?.$unknown !== undefined)) {
      readVisibility(field);
      readDocument(field);
      fields.set(field, {
        ...behaviorRules(field),
        value: read(() => valueRules(field, options, rules)),
        ...documentRules(field, options, problems),
      });
    }
  }
  return { fields, messages, restricted, gnostic, registry: () => options.registry };

  function readVisibility(desc: Parameters<typeof isRestricted>[0]): void {
    if (read(() => isRestricted(desc, options)) === true) {
      restricted.add(desc);
    }
  }

  function readDocument(desc: Parameters<typeof readGnostic>[0]): void {
    const json = read(() => readGnostic(desc, options));
    if (json !== undefined) {
      gnostic.set(desc, json);
    }
  }

  function read<T>(readOption: () => T): T | undefined {
    try {
      return readOption();
    } catch (error) {
      if (!(error instanceof UnreadableOption)) {
        throw error;
      }
      problems.error(error.place, error.message);
      return undefined;
    }
  }
}

/** The messages of requests, responses and errors, and those within them, each once. */
function reachableFrom(services: readonly Service[]): ReadonlySet<DescMessage> {
  const methods = services.flatMap((service) => service.methods);
  const found = new Set(
    methods.flatMap(({ desc, document: { errors } }) => [
      desc.input,
      desc.output,
      ...errors.flatMap(({ schema }) => schema ?? []),
    ]),
  );
  for (const { fields } of found) {
    for (const { message } of fields) {
      if (message !== undefined) {
        found.add(message);
      }
    }
  }
  return found;
}

/** The rules in google.api.field_behavior. */
export function behaviorRules(field: DescField): Pick<FieldRules, "required" | "readOnly" | "writeOnly" | "behaviors"> {
  const behaviors = readFieldBehavior(field);
  return {
    required: behaviors.includes("REQUIRED") && !isChoice(field),
    readOnly: behaviors.includes("OUTPUT_ONLY"),
    writeOnly: behaviors.includes("INPUT_ONLY"),
    behaviors: behaviors.filter(isOther),
  };
}

function isOther(behavior: FieldBehavior): behavior is FieldRules["behaviors"][number] {
  return !["OPTIONAL", "REQUIRED", "OUTPUT_ONLY", "INPUT_ONLY"].includes(behavior);
}

/** Whether another field can be set instead, so that no message needs this one: google.api.field_behavior is per field. */
function isChoice({ oneof }: DescField): boolean {
  return oneof !== undefined && oneof.fields.length > 1;
}

/** `(sse.v1.field_document)`, and the examples of all dialects, that of sse.v1 first. */
function documentRules(
  field: DescField,
  options: ForeignOptions,
  problems: Problems,
): Pick<FieldRules, "document" | "examples"> {
  const { rule, at = () => ({ desc: field }) } = readFieldDocument(field) ?? {};
  const read = (text: string) => readExample(field, text, options);
  const example = rule?.example === undefined ? undefined : read(rule.example);
  const { number: exampleNumber } = FieldDocumentSchema.field.example;
  if (rule?.example !== undefined && example === undefined) {
    problems.error(at(exampleNumber), `example: "${rule.example}" is not a value of the field`);
  }
  const examples = readSebufExamples(field).flatMap((text) => {
    const found = read(text);
    if (found === undefined) {
      problems.warn({ desc: field }, `the example "${text}" is not a value of the field: it is left out`);
    }
    return found ?? [];
  });
  const { number } = FieldDocumentSchema.field.externalDocs;
  return {
    examples: [...(example === undefined ? [] : [example]), ...examples],
    document: rule && {
      summary: rule.summary || undefined,
      externalDocs: buildExternalDocs(rule.externalDocs, (...path) => at(number, ...path), problems),
      hasExample: example !== undefined,
    },
  };
}

function messageRules(desc: DescMessage, options: ForeignOptions): MessageRules | undefined {
  const { cel, oneofs } = validate.readMessageRules(desc, options);
  const requiredOneofs = desc.oneofs.filter((oneof) => validate.readOneofRequired(oneof, options));
  if (cel.length === 0 && oneofs.length === 0 && requiredOneofs.length === 0) {
    return undefined;
  }
  const groups = oneofs.map(({ fields, required }) => ({
    fields: desc.fields.filter((field) => fields.includes(field.name)),
    required,
  }));
  return { cel, groups, requiredOneofs };
}

function valueRules(
  field: DescField,
  options: ForeignOptions,
  message: MessageRules | undefined,
): ValueRules | undefined {
  const rules = validate.readValueRules(field, options);
  const isInGroup = message?.groups.some(({ fields }) => fields.includes(field)) === true;
  return (
    rules && decided(rules, isZeroUnset(field) && (rules.ignore === undefined ? isInGroup : rules.ignore === "zero"))
  );
}

/** Where a field has presence, zero is a value like any other, and being unset is what exempts it. */
function decided(rules: validate.ValueRules, exemptsZero: boolean): ValueRules | undefined {
  if (rules.ignore === "always") {
    return undefined;
  }
  const nested = (of: validate.ValueRules | undefined) => of && decided(of, of.ignore === "zero");
  const { required, cel, type, rules: values } = rules;
  return {
    required,
    exemptsZero,
    cel,
    type,
    rules: values,
    items: nested(rules.items),
    keys: nested(rules.keys),
    values: nested(rules.values),
  };
}
