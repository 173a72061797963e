/**
 * The time that `Retry-After` asks to wait, in milliseconds; `undefined` when the header is absent or malformed.
 * It is a number of seconds or a date (RFC 9110, section 10.2.3); a date that has passed gives 0.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get("retry-after") ?? "";
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // Date.parse takes nearly anything for a date; those of HTTP end in GMT.
  const date = value.endsWith("GMT") ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
