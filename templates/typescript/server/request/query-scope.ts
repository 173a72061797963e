import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { hasOwn } from "../../shared/json.js";
import type { HttpBinding, QueryField } from "../../shared/method.js";
import { isTextMessage, type MessageField } from "./parse-value.js";

/** The fields of a message that a query can set, by the names of their parameters. */
export class QueryScope {
  readonly entries: QueryEntry[] = [];
  readonly #byName: Map<string, QueryEntry> = new Map();
  /** Names with a `.` or `[` in them, such as `page[size]`: the longest first. */
  #namesWithSeparators: string[] = [];

  add(entry: QueryEntry, names: readonly string[]): void {
    if (!this.entries.includes(entry)) {
      this.entries.push(entry);
    }
    for (const name of names) {
      if (this.#byName.has(name)) {
        continue;
      }
      this.#byName.set(name, entry);
      if (/[.[]/.test(name)) {
        this.#namesWithSeparators = [...this.#namesWithSeparators, name].sort((a, b) => b.length - a.length);
      }
    }
  }

  /** The field whose name starts at an index of a parameter's name, and the index where that ends. */
  find(parameter: string, at: number): { readonly entry: QueryEntry; readonly end: number } | undefined {
    const special = this.#namesWithSeparators.find(
      (name) => parameter.startsWith(name, at) && isEnd(parameter, at + name.length),
    );
    let end = at + (special?.length ?? 0);
    while (!isEnd(parameter, end)) {
      end++;
    }
    const entry = this.#byName.get(parameter.slice(at, end));
    return entry && { entry, end };
  }
}

/** A field, and the form of its parameter. */
export type QueryEntry = {
  /** A request without it is answered with 400. */
  readonly required: boolean;
  /** A path variable sets a part of the field's message. */
  readonly inPath: boolean;
} & (
  | { readonly kind: "value"; readonly field: DescField } // one text
  | { readonly kind: "list"; readonly field: Extract<DescField, { readonly fieldKind: "list" }> } // a text an item
  | { readonly kind: "map"; readonly field: Extract<DescField, { readonly fieldKind: "map" }> } // `name[key]=text`
  | { readonly kind: "wrapper"; readonly field: MessageField } // one text, or `name.value`
  | { readonly kind: "message"; readonly field: MessageField; readonly scope: () => QueryScope } // `name.field`
  | { readonly kind: "text message"; readonly field: MessageField; readonly scope: () => QueryScope } // either
  | { readonly kind: "none"; readonly field: DescField } // cannot be set by a query
);

/** A field whose message has parameters of its own. */
export type NestingEntry = Extract<QueryEntry, { readonly kind: "message" | "text message" }>;

function isEnd(parameter: string, index: number): boolean {
  const character = parameter.charAt(index);
  return character === "" || character === "." || character === "[";
}

/** What the query of a binding can set: the fields that its path and body leave. */
export function createQueryScope(desc: DescMessage, { variables = [], body, query = {} }: HttpBinding): QueryScope {
  if (body === "*") {
    return new QueryScope();
  }
  // Messages recur, and a client chooses how deep: a message and its table have one scope, however they are reached.
  const shared = new Map<string, QueryScope>();
  return build(desc, "", [...variables.map(({ field }) => field), ...(body ? [[body.field]] : [])]);

  function scopeOf(desc: DescMessage, table: string | undefined): QueryScope {
    const key = `${desc.typeName} ${table}`;
    const scope = shared.get(key) ?? build(desc, table, []);
    shared.set(key, scope);
    return scope;
  }

  function build(desc: DescMessage, table: string | undefined, bound: readonly (readonly string[])[]): QueryScope {
    const scope = new QueryScope();
    const rules = table === undefined ? undefined : query[table];
    const named: [QueryEntry, DescField][] = [];
    for (const field of desc.fields) {
      const within = bound.filter(([name]) => name === field.jsonName).map((path) => path.slice(1));
      if (within.some((path) => path.length === 0)) {
        continue;
      }
      const rule = rules && hasOwn(rules, field.jsonName) ? rules[field.jsonName] : undefined;
      const entry = toEntry(field, rule, within);
      scope.add(entry, [rule?.name ?? field.jsonName]);
      if (rule?.name === undefined) {
        named.push([entry, field]);
      }
    }
    // After all JSON names, which go before a proto name that another field has as JSON name.
    for (const [entry, field] of named) {
      scope.add(entry, [field.name]);
    }
    return scope;
  }

  function toEntry(field: DescField, rule: QueryField | undefined, within: readonly (readonly string[])[]): QueryEntry {
    const common = { required: rule?.required ?? false, inPath: within.length > 0 };
    switch (field.fieldKind) {
      case "message": {
        if (OPAQUE.has(field.message.typeName)) {
          return { ...common, kind: "none", field };
        }
        if (isWrapperDesc(field.message)) {
          return { ...common, kind: "wrapper", field };
        }
        const own = within.length > 0 ? build(field.message, rule?.message, within) : undefined;
        const scope = () => own ?? scopeOf(field.message, rule?.message);
        return { ...common, kind: isTextMessage(field.message) ? "text message" : "message", field, scope };
      }
      case "list": {
        const isText = field.message === undefined || isTextMessage(field.message);
        return isText ? { ...common, kind: "list", field } : { ...common, kind: "none", field };
      }
      case "map":
        return field.message === undefined ? { ...common, kind: "map", field } : { ...common, kind: "none", field };
      default:
        return { ...common, kind: "value", field };
    }
  }
}

/** Messages that parameters cannot express: their ProtoJSON is any JSON, or their content is a body. */
const OPAQUE: ReadonlySet<string> = new Set([
  "google.protobuf.Any",
  "google.protobuf.ListValue",
  "google.protobuf.Struct",
  "google.protobuf.Value",
  "google.api.HttpBody",
]);
