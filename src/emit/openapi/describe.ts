import type { AnyDesc, DescFile } from "@bufbuild/protobuf";
import { readDocs } from "../../model/docs.js";
import type { Docs, ExternalDocs } from "../../model/model.js";
import type { ExternalDocsObject } from "./objects.js";

/** A comment whose first paragraph can be replaced by the author's words for documents. */
export function commentWith(summary: string | undefined, docs: Docs): string | undefined {
  return summary === undefined ? docs.text || undefined : paragraphs(summary, docs.description);
}

/** The comment of a declaration followed by notes, as CommonMark; undefined if both are empty. */
export function describe(desc: Exclude<AnyDesc, DescFile>, ...notes: (string | undefined)[]): string | undefined {
  return paragraphs(readDocs(desc).text, ...notes);
}

/** Joins the parts that are not empty with empty lines. */
export function paragraphs(...parts: (string | undefined)[]): string | undefined {
  return parts.filter((part) => part !== undefined && part !== "").join("\n\n") || undefined;
}

/** OpenAPI 3.2.0, External Documentation Object. */
export function externalDocs(docs: ExternalDocs | undefined): ExternalDocsObject | undefined {
  return docs && { url: docs.url, description: docs.description || undefined };
}
