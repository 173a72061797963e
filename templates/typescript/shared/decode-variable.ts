/**
 * The value of a variable from its text in a URL, as google/api/http.proto has it: every escape of a
 * single segment is decoded; a `%2F` of a variable that may span segments stays as it is.
 * Throws URIError for an escape without two hexadecimal digits, and for bytes that are not UTF-8.
 */
export function decodeVariable(text: string, multi: boolean): string {
  return multi
    ? text
        .split(/(%2F)/i)
        .map((part, index) => (index % 2 ? part : decodeURIComponent(part)))
        .join("")
    : decodeURIComponent(text);
}
