import type { AnyDesc, DescFile } from "@bufbuild/protobuf";
import { readDocs } from "../../model/docs.js";

/** The comment of a declaration, with notes of ours behind it, as CommonMark; undefined when there is nothing to say. */
export function describe(desc: Exclude<AnyDesc, DescFile>, ...notes: (string | undefined)[]): string | undefined {
  return paragraphs(readDocs(desc).text, ...notes);
}

/** Joins what is there by empty lines. */
export function paragraphs(...parts: (string | undefined)[]): string | undefined {
  return parts.filter((part) => part !== undefined && part !== "").join("\n\n") || undefined;
}
