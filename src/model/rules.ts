import type {
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescOneof,
  DescService,
  Registry,
} from "@bufbuild/protobuf";
import type { ExternalDocs } from "./model.js";

/**
 * The rules in options of buf.validate, google.api.field_behavior, google.api.visibility, gnostic and sebuf, for the
 * services and all messages that their methods use. Only declarations with such options have an entry.
 */
export interface Rules {
  readonly fields: ReadonlyMap<DescField, FieldRules>;
  readonly messages: ReadonlyMap<DescMessage, MessageRules>;
  /** Declarations that google.api.visibility restricts. */
  readonly restricted: ReadonlySet<DescService | DescMethod | DescField>;
  /** The options of gnostic as objects of OpenAPI: a Document, an Operation or a Schema. */
  readonly gnostic: ReadonlyMap<DescFile | DescMethod | DescMessage | DescField, JsonObject>;
  /** All types, for the values of Any in examples. */
  readonly registry: () => Registry;
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
  /** Other values of google.api.field_behavior. */
  readonly behaviors: readonly ("IMMUTABLE" | "UNORDERED_LIST" | "NON_EMPTY_DEFAULT" | "IDENTIFIER")[];
  /** The rules of buf.validate; undefined if there are none, or if they are ignored. */
  readonly value: ValueRules | undefined;
  /** That of `(sse.v1.field_document)` first. */
  readonly examples: readonly Example[];
  /** `(sse.v1.field_document)`; undefined if it is not set. */
  readonly document: FieldDocument | undefined;
}

/** What API documents say of a field beyond its comment. */
export interface FieldDocument {
  /** Replaces the summary of the comment. */
  readonly summary: string | undefined;
  readonly externalDocs: ExternalDocs | undefined;
  /** The first of the examples is its. */
  readonly hasExample: boolean;
}

/** The rules of buf.validate for a field, for the elements of a list, or for the keys or values of a map. */
export interface ValueRules {
  readonly required: boolean;
  /** The zero value need not satisfy the rules. */
  readonly exemptsZero: boolean;
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

/** The rules of buf.validate for a message. */
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
  document: undefined,
};

const noMessageRules: MessageRules = { cel: [], groups: [], requiredOneofs: [] };

export function fieldRules({ fields }: Rules, field: DescField): FieldRules {
  return fields.get(field) ?? noFieldRules;
}

export function messageRules({ messages }: Rules, desc: DescMessage): MessageRules {
  return messages.get(desc) ?? noMessageRules;
}
