import type { AnyDesc } from "@bufbuild/protobuf";
import { commentOf } from "../source-info.js";
import type { Docs } from "./model.js";

/** Lines for linters. */
const DIRECTIVE = /^ *(?:buf:lint:|protolint:|api-linter:).*$/;

/** The leading comment of a declaration, or else the trailing one. */
export function readDocs(desc: AnyDesc): Docs {
  return parseDocs(commentOf(desc));
}

/** Splits a comment, as SourceCodeInfo has it, into summary and description. */
export function parseDocs(comment: string): Docs {
  const text = comment
    .replace(/^\*(?=\s|$)/, "") // the second star of /**
    .replace(/ \(--.*?--\)(?=\s|$)|\(--.*?--\)/gs, "") // AIP-192: internal comments
    .split("\n")
    .filter((line) => !DIRECTIVE.test(line))
    .map((line) => line.replace(/^ /, "").trimEnd())
    .join("\n")
    .trim();
  const [summary = "", ...rest] = text.split(/\n\s*\n/);
  return { text, summary: summary.replace(/\s*\n\s*/g, " "), description: rest.join("\n\n") };
}
