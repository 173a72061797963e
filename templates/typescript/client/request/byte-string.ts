/** The value of a header that holds text: the bytes of its UTF-8, as `Last-Event-ID` has them (WHATWG HTML 9.2.3). */
export function toByteString(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}
