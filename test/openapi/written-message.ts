import type { DescField, DescMessage, MessageShape } from "@bufbuild/protobuf";
import type fc from "fast-check";
import { isAlwaysWritten } from "../../src/model/json-form.js";
import { fieldRules, messageRules, type Rules } from "../../src/model/rules.js";
import { arbitraryMessage } from "../arbitrary-message.js";
import type { GoldenCase } from "../golden.js";

/**
 * Random messages as the author of the proto says that they are written. Requests have every field that is required;
 * nothing makes a server obey that, but where the field has presence its handler does so on purpose.
 */
export function arbitraryWritten<Desc extends DescMessage>(
  desc: Desc,
  rules: Rules,
  direction: "request" | "response",
): fc.Arbitrary<MessageShape<Desc>> {
  const hasPresence = (field: DescField) => direction === "request" || field.presence !== 2; /* IMPLICIT */
  return arbitraryMessage(desc, 3, {
    isSet(field) {
      const { required, readOnly, writeOnly, value } = fieldRules(rules, field);
      const isAskedFor = required || isAlwaysWritten(field) || value?.required === true;
      return isAskedFor && hasPresence(field) && !(direction === "request" ? readOnly : writeOnly);
    },
    isWritten(message) {
      const { groups, requiredOneofs } = messageRules(rules, message.desc);
      const oneofs = message.desc.oneofs.map((oneof) => ({
        fields: oneof.fields,
        required: requiredOneofs.includes(oneof),
      }));
      return [...groups, ...oneofs].every(({ fields, required }) => {
        const count = fields.filter((field) => message.isSet(field)).length;
        return count === 1 || (count === 0 && !(required && fields.every(hasPresence)));
      });
    },
  });
}

/** The option that leaves out rules which random messages break: those of one case are more than `required`. */
export function rulesOption({ name }: GoldenCase): string {
  return `openapi_validate=${name !== "openapi-validate"}`;
}
