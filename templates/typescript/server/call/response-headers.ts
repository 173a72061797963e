/**
 * What the runtime decides about a connection. `Connection` and `Transfer-Encoding` break HTTP/2, and a
 * handler does not know the length or the coding of a body that it did not write.
 */
const reserved = ["Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Content-Length", "Content-Encoding"];

/** The headers of an answer: the handler's own, without those that are not its business. */
export function toHeaders(own: Headers, set: Readonly<Record<string, string>>): Headers {
  const headers = new Headers(own);
  for (const name of reserved) {
    headers.delete(name);
  }
  for (const [name, value] of Object.entries(set)) {
    headers.set(name, value);
  }
  return headers;
}

/** Declares that the response depends on `Accept` (RFC 9110, section 12.5.5). */
export function varyByAccept(headers: Headers): void {
  const names =
    headers
      .get("Vary")
      ?.toLowerCase()
      .split(/\s*,\s*/) ?? [];
  if (!names.includes("accept")) {
    headers.append("Vary", "Accept");
  }
}

/**
 * The headers of a failure before the head. Caches may keep a 404 or 410 unless told otherwise (RFC 9110, section 15.1), so
 * none keeps a failure that does not ask for it itself.
 */
export function toErrorHeaders(headers: Headers, own: Headers): Headers {
  const merged = new Headers(own);
  merged.set("Cache-Control", "no-store");
  if (headers.has("Cache-Control")) {
    merged.delete("Cache-Control");
  }
  headers.forEach((value, name) => {
    merged.append(name, value);
  });
  return toHeaders(merged, { "Content-Type": "application/json" });
}
