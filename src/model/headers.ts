import type { HeaderAnnotation } from "../annotations/annotations.js";
import type { Problems } from "../problems.js";
import type { Header } from "./model.js";

const TYPES = ["string", "integer", "number", "boolean", "array"] as const;

/** Headers that the runtime or fetch sets. A call cannot set them, or would break the protocol. */
const RESERVED = new Set([
  "accept",
  "cache-control",
  "connection",
  "content-length",
  "content-type",
  "cookie",
  "host",
  "last-event-id",
  "transfer-encoding",
]);

/** The inherited headers and those of the method. The last one of each name wins. */
export function buildHeaders(
  inherited: readonly Header[],
  written: readonly HeaderAnnotation[],
  problems: Problems,
): readonly Header[] {
  const headers = new Map(inherited.map((header) => [header.name.toLowerCase(), header]));
  const own = new Set<string>();
  for (const { header, place } of written) {
    const key = header.name.toLowerCase();
    const error = (message: string) => problems.error(place, `header "${header.name}": ${message}`);
    const type = TYPES.find((t) => t === (header.type === "" ? "string" : header.type));
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(key)) {
      error('is not a valid header name: use letters, digits and "-"');
    } else if (RESERVED.has(key)) {
      error("is reserved by the protocol: choose another name");
    } else if (own.has(key)) {
      error("is declared twice: remove one");
    } else if (type === undefined) {
      error(`has the unknown type "${header.type}": use one of ${TYPES.join(", ")}`);
    } else {
      headers.set(key, {
        name: header.name,
        type,
        format: header.format === "" ? undefined : header.format,
        required: header.required,
        description: header.description,
        example: header.example === "" ? undefined : header.example,
        deprecated: header.deprecated,
      });
    }
    own.add(key);
  }
  return [...headers.values()];
}
