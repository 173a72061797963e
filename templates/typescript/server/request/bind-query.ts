import type { DescField } from "@bufbuild/protobuf";
import type { ReflectMessage } from "@bufbuild/protobuf/reflect";
import { MAX_DEPTH } from "../../shared/json-error.js";
import { quote, type Violations } from "../errors/bind-error.js";
import { expectedScalar, notAValue, openMessage, parseScalar, parseValue, setText } from "./parse-value.js";
import type { NestingEntry, QueryEntry, QueryScope } from "./query-scope.js";

/** How to handle parameters that match no field. */
export interface QueryOptions {
  readonly unknown: "ignore" | "reject";
  /** Names that are not fields but are read elsewhere. */
  readonly reserved: ReadonlySet<string>;
}

// No URL has so many: servers take 8 to 64 KiB of it.
const MOST_PARAMETERS = 10_000;

/** Sets the fields of a message from the query of a URL, with or without the `?`. Adds errors to `violations`. */
export function bindQuery(
  message: ReflectMessage,
  scope: QueryScope,
  query: string,
  { unknown, reserved }: QueryOptions,
  violations: Violations,
): void {
  const root = new Holder(scope, "", () => message);
  let count = 0;
  for (let start = query.startsWith("?") ? 1 : 0, end = 0; start < query.length; start = end + 1) {
    end = query.indexOf("&", start);
    if (end < 0) {
      end = query.length;
    }
    if (end === start) {
      continue;
    }
    if (++count > MOST_PARAMETERS) {
      violations.add("", `the query has more than ${MOST_PARAMETERS} parameters`);
      violations.throwIfAny();
    }
    const pair = query.slice(start, end);
    const equals = pair.indexOf("=");
    const name = decodePart(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : decodePart(pair.slice(equals + 1));
    if (name === undefined) {
      violations.add("", `the query's ${quote(pair)} is not percent-encoded UTF-8`);
    } else if (value === undefined) {
      violations.add(name, `${quote(pair)} is not percent-encoded UTF-8`);
    } else if (!setParameter(root, name, value, violations) && unknown === "reject" && !reserved.has(name)) {
      violations.add(name, "no such parameter");
    }
  }
  requireFields(root, violations);
}

/** A message that parameters set fields of. It is made with the first of them. */
class Holder {
  readonly scope: QueryScope;
  /** Leads to the message, with a `.` behind it; empty for the request. */
  readonly path: string;
  readonly assigned: Set<DescField> = new Set();
  readonly nested: Map<DescField, Holder> = new Map();
  readonly #make: () => ReflectMessage | undefined;
  #message: ReflectMessage | undefined;

  constructor(scope: QueryScope, path: string, make: () => ReflectMessage | undefined) {
    this.scope = scope;
    this.path = path;
    this.#make = make;
  }

  get isOpen(): boolean {
    return this.#message !== undefined;
  }

  /** Undefined if its field cannot be set, which is then a violation. */
  open(): ReflectMessage | undefined {
    this.#message ??= this.#make();
    return this.#message;
  }
}

/** Returns false when no field has the name. */
function setParameter(root: Holder, name: string, text: string, violations: Violations): boolean {
  let holder = root;
  for (let at = 0, depth = 0; ; depth++) {
    const found = holder.scope.find(name, at);
    if (found === undefined) {
      return false;
    }
    const { entry, end } = found;
    if (!("scope" in entry) || name.charAt(end) !== ".") {
      setField(holder, entry, name.slice(end), text, violations);
      return true;
    }
    if (depth === MAX_DEPTH) {
      violations.add(`${holder.path}${entry.field.name}`, `is nested deeper than ${MAX_DEPTH} messages`);
      return true;
    }
    holder = nestedIn(holder, entry, violations);
    at = end + 1;
  }
}

function nestedIn(holder: Holder, { field, scope }: NestingEntry, violations: Violations): Holder {
  const known = holder.nested.get(field);
  if (known !== undefined) {
    return known;
  }
  const path = holder.path + field.name;
  const nested = new Holder(scope(), `${path}.`, () => {
    const outer = holder.open();
    if (!holder.assigned.has(field)) {
      return outer && openMessage(outer, field, path, violations);
    }
    violations.add(path, TWICE);
    return undefined;
  });
  holder.nested.set(field, nested);
  return nested;
}

const TWICE = "is given twice";

/** Sets a field from a parameter that has `rest` behind the field's name. */
function setField(holder: Holder, entry: QueryEntry, rest: string, text: string, violations: Violations): void {
  const { field } = entry;
  const path = holder.path + field.name;
  const reason = whyNot(entry, rest);
  if (reason !== undefined) {
    violations.add(path, reason);
    return;
  }
  const isRepeatable = entry.kind === "list" || entry.kind === "map";
  if (!isRepeatable && (holder.assigned.has(field) || holder.nested.get(field)?.isOpen)) {
    violations.add(path, TWICE);
    return;
  }
  holder.assigned.add(field);
  const message = holder.open();
  if (message === undefined) {
    return;
  }
  if (entry.kind === "map") {
    setMapEntry(message, entry.field, rest.slice(1, -1), text, path, violations);
  } else if (entry.kind === "list") {
    addItem(message, entry.field, text, path, violations);
  } else {
    setText(message, field, text, path, violations);
  }
}

/** Why a parameter cannot set its field. */
function whyNot({ kind, field }: QueryEntry, rest: string): string | undefined {
  switch (kind) {
    case "none":
      return "cannot be a query parameter";
    case "map":
      return rest.startsWith("[") && rest.endsWith("]")
        ? undefined
        : `is a map: write its entries as ${field.name}[key]=value`;
    case "message":
      return `is a message: write its fields as ${field.name}.field=value`;
    case "wrapper":
      return rest === "" || rest === ".value" ? undefined : `has no ${quote(rest)}`;
    default:
      return rest === "" ? undefined : `has no ${quote(rest)}`;
  }
}

function addItem(
  message: ReflectMessage,
  field: Extract<DescField, { readonly fieldKind: "list" }>,
  text: string,
  path: string,
  violations: Violations,
): void {
  const item = parseValue(field, text);
  if (item === undefined) {
    violations.add(path, notAValue(field, text));
  } else {
    message.get(field).add(item);
  }
}

function setMapEntry(
  message: ReflectMessage,
  field: Extract<DescField, { readonly fieldKind: "map" }>,
  keyText: string,
  text: string,
  path: string,
  violations: Violations,
): void {
  const map = message.get(field);
  const entryPath = `${path}[${quote(keyText)}]`;
  const key = parseScalar(field.mapKey, keyText);
  const value = parseValue(field, text);
  if (key === undefined) {
    violations.add(entryPath, `the key is not ${expectedScalar(field.mapKey)}`);
  } else if (key === "__proto__") {
    violations.add(entryPath, "the key is not supported"); // maps are plain objects
  } else if (map.has(key)) {
    violations.add(entryPath, TWICE);
  } else if (value === undefined) {
    violations.add(entryPath, notAValue(field, text));
  } else {
    map.set(key, value);
  }
}

/** A required field of a nested message is required where the message is there. */
function requireFields({ scope, path, assigned, nested }: Holder, violations: Violations): void {
  for (const entry of scope.entries) {
    const { field, required } = entry;
    const inner = nested.get(field);
    if (required && !assigned.has(field) && !inner?.isOpen) {
      violations.add(path + field.name, "is required");
    }
    if (inner?.isOpen) {
      requireFields(inner, violations);
    } else if (entry.inPath && "scope" in entry) {
      requireFields(new Holder(entry.scope(), `${path}${field.name}.`, () => undefined), violations);
    }
  }
}

function decodePart(text: string): string | undefined {
  if (!/[%+]/.test(text)) {
    return text;
  }
  try {
    return decodeURIComponent(text.replace(/\+/g, " "));
  } catch {
    return undefined;
  }
}
