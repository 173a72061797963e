import type { AnyDesc, DescFile } from "@bufbuild/protobuf";
import { readDocs } from "../../model/docs.js";

/** The comment of a declaration followed by notes, as CommonMark; undefined if both are empty. */
export function describe(desc: Exclude<AnyDesc, DescFile>, ...notes: (string | undefined)[]): string | undefined {
  return paragraphs(readDocs(desc).text, ...notes);
}

/** Joins the parts that are not empty with empty lines. */
export function paragraphs(...parts: (string | undefined)[]): string | undefined {
  return parts.filter((part) => part !== undefined && part !== "").join("\n\n") || undefined;
}
