import type { DescField, DescFile, DescMessage, DescMethod, DescOneof, DescService } from "@bufbuild/protobuf";

/**
 * What options say about declarations beside how HTTP carries them: those of buf.validate, google.api.field_behavior,
 * google.api.visibility, gnostic and sebuf. All that the services lead to was read; only declarations with such options
 * have an entry.
 */
export interface Rules {
  readonly fields: ReadonlyMap<DescField, FieldRules>;
  readonly messages: ReadonlyMap<DescMessage, MessageRules>;
  /** What google.api.visibility keeps from the public. */
  readonly restricted: ReadonlySet<DescService | DescMethod | DescField>;
  /** What gnostic's options write into a document, as objects of OpenAPI: a Document, an Operation, a Schema. */
  readonly gnostic: ReadonlyMap<DescFile | DescMethod | DescMessage | DescField, JsonObject>;
}

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export interface FieldRules {
  /** google.api.field_behavior requires the field. */
  readonly required: boolean;
  /** The field is not set in requests. */
  readonly readOnly: boolean;
  /** The field is not set in responses. */
  readonly writeOnly: boolean;
  /** What else google.api.field_behavior says. */
  readonly behaviors: readonly ("IMMUTABLE" | "UNORDERED_LIST" | "NON_EMPTY_DEFAULT" | "IDENTIFIER")[];
  /** The rules of buf.validate; undefined if there are none, or if they are ignored. */
  readonly value: ValueRules | undefined;
  readonly examples: readonly Example[];
}

/** What buf.validate says about a value: that of a field, an element of a list, a key or a value of a map. */
export interface ValueRules {
  readonly required: boolean;
  /** The zero value need not satisfy the rules. */
  readonly exemptsZero: boolean;
  /** Rules in CEL, those of predefined rules among them. */
  readonly cel: readonly CelRule[];
  /** The type whose rules were written: `string`, `int64`, `repeated`; undefined if there are none. */
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

/** What buf.validate says about a message. */
export interface MessageRules {
  readonly cel: readonly CelRule[];
  /** Groups of fields of which at most one is set; with `required`, exactly one. */
  readonly groups: readonly { readonly fields: readonly DescField[]; readonly required: boolean }[];
  /** Oneofs of which a member must be set. */
  readonly requiredOneofs: readonly DescOneof[];
}

/** An example of a field, or of one element of a list or a map. */
export interface Example {
  readonly of: "field" | "element";
  /** The ProtoJSON of the field: for an element, a list or a map that holds only this element. */
  readonly value: JsonValue;
}

const noFieldRules: FieldRules = {
  required: false,
  readOnly: false,
  writeOnly: false,
  behaviors: [],
  value: undefined,
  examples: [],
};

const noMessageRules: MessageRules = { cel: [], groups: [], requiredOneofs: [] };

export function fieldRules({ fields }: Rules, field: DescField): FieldRules {
  return fields.get(field) ?? noFieldRules;
}

export function messageRules({ messages }: Rules, desc: DescMessage): MessageRules {
  return messages.get(desc) ?? noMessageRules;
}
