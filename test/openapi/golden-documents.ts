/** The OpenAPI documents of the golden cases: as they stand there, and with other options. */
import { create } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { runPlugin } from "../compile-text.js";
import { type GoldenCase, readWant } from "../golden.js";

/** A document's text by the name of its file. */
export type Documents = Readonly<Record<string, string>>;

const isDocument = /\.openapi(-3\.1)?\.(yaml|json)$/;

/** The documents that stand in `want`. */
export function wantedDocuments(golden: GoldenCase): Documents {
  return Object.fromEntries(Object.entries(readWant(golden)).filter(([name]) => isDocument.test(name)));
}

/** The documents that the plugin makes of a case with further options. */
export function emitDocuments({ request }: GoldenCase, parameter: string): Documents {
  // Options of the server would be an error without it.
  const own = request.parameter.split(",").filter((option) => !option.startsWith("event_log="));
  const options = [...own, "emit=openapi", parameter].filter((text) => text !== "").join(",");
  const { error, files } = runPlugin(create(CodeGeneratorRequestSchema, { ...request, parameter: options }));
  if (error !== "") {
    throw new Error(error);
  }
  return Object.fromEntries(files);
}
