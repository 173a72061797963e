/**
 * What the runtime decides about a connection. `Connection` and `Transfer-Encoding` break HTTP/2, and a
 * handler does not know the length or the coding of a body that it did not write.
 */
const reserved = ["Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Content-Length", "Content-Encoding"];

/** Headers as `Response` accepts them. A plain object is the cheaper one. */
export type ResponseHeaders = Headers | Record<string, string>;

/** The headers of a response: those of the runtime, and those that the handler set unless they are reserved. */
export function toHeaders(own: Headers | undefined, set: Record<string, string>): ResponseHeaders {
  if (own === undefined) {
    return set;
  }
  const headers = new Headers(own);
  for (const name of reserved) {
    headers.delete(name);
  }
  for (const [name, value] of Object.entries(set)) {
    if (name === "Vary") {
      addVary(headers, value);
    } else {
      headers.set(name, value);
    }
  }
  return headers;
}

/** Declares that the response depends on a request header as well (RFC 9110, section 12.5.5). */
function addVary(headers: Headers, name: string): void {
  const names = headers
    .get("Vary")
    ?.toLowerCase()
    .split(/\s*,\s*/);
  if (!names?.includes(name.toLowerCase())) {
    headers.append("Vary", name);
  }
}

/**
 * The headers of a failure before the head, from those of its error and those of the handler. Caches may keep a 404 or 410
 * by default (RFC 9110, section 15.1), so `no-store` is set unless the error sets `Cache-Control` itself.
 */
export function toErrorHeaders(headers: Headers, own: Headers | undefined): Headers {
  const merged = new Headers(own);
  merged.set("Cache-Control", "no-store");
  if (headers.has("Cache-Control")) {
    merged.delete("Cache-Control");
  }
  headers.forEach((value, name) => {
    merged.append(name, value);
  });
  return merged;
}
