import type { DescField } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { quote, type Violations } from "../errors/bind-error.js";
import { expectedText, type MessageField, parseValue } from "./parse-value.js";

/**
 * Whether a field can be set. It cannot if another member of its oneof is set, which is a violation.
 * `path` leads to the field.
 */
export function canSet(holder: ReflectMessage, field: DescField, path: string, violations: Violations): boolean {
  const other = field.oneof && holder.oneofCase(field.oneof);
  if (other === undefined || other === field) {
    return true;
  }
  violations.add(path, `is set beside "${other.name}" of the same oneof: leave one of them out`);
  return false;
}

/** The message of a field, made when there is none; undefined when the field may not be set. */
export function openMessage(
  holder: ReflectMessage,
  field: MessageField,
  path: string,
  violations: Violations,
): ReflectMessage | undefined {
  if (!canSet(holder, field, path, violations)) {
    return undefined;
  }
  if (holder.isSet(field)) {
    return holder.get(field);
  }
  const message = reflect(field.message, undefined, false);
  holder.set(field, message);
  return message;
}

/** Sets a field that holds one value from its text in a path or a query. */
export function setText(
  holder: ReflectMessage,
  field: DescField,
  text: string,
  path: string,
  violations: Violations,
): void {
  const value = parseValue(field, text);
  if (value === undefined) {
    violations.add(path, notAValue(field, text));
  } else if (canSet(holder, field, path, violations)) {
    holder.set(field, value);
  }
}

/** Why a text is refused: `"abc" is not a number`. */
export function notAValue(field: DescField, text: string): string {
  return `${quote(text)} is not ${expectedText(field)}`;
}
