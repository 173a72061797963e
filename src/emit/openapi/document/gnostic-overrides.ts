import type { DescField, DescMessage, DescMethod } from "@bufbuild/protobuf";
import { readGnostic } from "../../../model/field-rules.js";
import type { Service } from "../../../model/model.js";
import { merge, type Tree } from "./merge.js";

/** What the files of services say in gnostic's option about the document, in their order. */
export function fileOverrides(services: readonly Service[]): readonly Tree[] {
  const files = new Set(services.map(({ desc }) => desc.file));
  return [...files].map((file) => readGnostic(file) ?? {});
}

/** An operation or a schema, with what gnostic's option on its declaration says over it. */
export function overridden<T extends object>(object: T, desc: DescMethod | DescMessage | DescField): T {
  const override = readGnostic(desc);
  return override === undefined ? object : (merge(object as Tree, override) as T); // what the author writes is believed
}
