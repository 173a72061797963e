import type { ValueRules } from "../../../model/rules.js";
import type { JsonValue, Schema } from "../objects.js";
import type { RuleSchema } from "./combine.js";
import { escapePattern, toEcmaPattern } from "./re2-pattern.js";

type Rule = (value: JsonValue) => Schema | string;

/** Rules of strings. Lengths count code points in both: JSON Schema 2020-12 Validation, 6.3. */
const STRING: Readonly<Record<string, Rule>> = {
  len: (n) => ({ minLength: Number(n), maxLength: Number(n) }),
  min_len: (n) => ({ minLength: Number(n) }),
  max_len: (n) => ({ maxLength: Number(n) }),
  len_bytes: (n) => `${n} bytes in UTF-8.`,
  min_bytes: (n) => `At least ${n} bytes in UTF-8.`,
  max_bytes: (n) => `At most ${n} bytes in UTF-8.`,
  pattern: (re2) => {
    const pattern = toEcmaPattern(String(re2));
    return pattern === undefined ? `Matches the RE2 pattern \`${re2}\`.` : { pattern };
  },
  prefix: (text) => ({ pattern: `^${escapePattern(String(text))}` }),
  suffix: (text) => ({ pattern: `${escapePattern(String(text))}$` }),
  contains: (text) => ({ pattern: escapePattern(String(text)) }),
  not_contains: (text) => ({ not: { pattern: escapePattern(String(text)) } }),
  email: () => ({ format: "email" }),
  hostname: () => ({ format: "hostname" }),
  ip: () => ({ anyOf: [{ format: "ipv4" }, { format: "ipv6" }] }),
  ipv4: () => ({ format: "ipv4" }),
  ipv6: () => ({ format: "ipv6" }),
  uri: () => ({ format: "uri" }),
  uri_ref: () => ({ format: "uri-reference" }),
  address: () => ({ anyOf: [{ format: "hostname" }, { format: "ipv4" }, { format: "ipv6" }] }),
  uuid: () => ({ format: "uuid" }),
  tuuid: () => ({ pattern: "^[0-9a-fA-F]{32}$" }),
  ulid: () => ({ pattern: "^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$" }),
  protobuf_fqn: () => ({ pattern: "^[A-Za-z_][A-Za-z_0-9]*(?:\\.[A-Za-z_][A-Za-z_0-9]*)*$" }),
  protobuf_dot_fqn: () => ({ pattern: "^\\.[A-Za-z_][A-Za-z_0-9]*(?:\\.[A-Za-z_][A-Za-z_0-9]*)*$" }),
  ip_with_prefixlen: () => "An IP address with its prefix length, such as `192.0.2.1/24`.",
  ipv4_with_prefixlen: () => "An IPv4 address with its prefix length, such as `192.0.2.1/24`.",
  ipv6_with_prefixlen: () => "An IPv6 address with its prefix length, such as `2001:db8::1/32`.",
  ip_prefix: () => "An IP prefix, such as `192.0.2.0/24`.",
  ipv4_prefix: () => "An IPv4 prefix, such as `192.0.2.0/24`.",
  ipv6_prefix: () => "An IPv6 prefix, such as `2001:db8::/32`.",
  host_and_port: () => "A host name or IP address and a port, such as `example.com:8080` or `[2001:db8::1]:8080`.",
  well_known_regex: (name) =>
    name === "KNOWN_REGEX_HTTP_HEADER_NAME" ? "The name of an HTTP header." : "The value of an HTTP header.",
};

/** Rules of bytes, which are base64 in JSON: 4 characters for 3 of them. */
const BYTES: Readonly<Record<string, Rule>> = {
  len: (n) => ({ minLength: base64Length(n), maxLength: base64Length(n) }),
  min_len: (n) => ({ minLength: base64Length(n) }),
  max_len: (n) => ({ maxLength: base64Length(n) }),
  pattern: (re2) => `The bytes are UTF-8 text that matches the RE2 pattern \`${re2}\`.`,
  prefix: (base64) => `The bytes start with \`${base64}\` (base64).`,
  suffix: (base64) => `The bytes end with \`${base64}\` (base64).`,
  contains: (base64) => `The bytes contain \`${base64}\` (base64).`,
  ip: () => ({ anyOf: [ofBytes(4), ofBytes(16)] }),
  ipv4: () => ofBytes(4),
  ipv6: () => ofBytes(16),
  uuid: () => ofBytes(16),
};

/** The rules of a string or of bytes, except lists of values. */
export function textRules({ type, rules }: ValueRules): RuleSchema {
  const table = type === "bytes" ? BYTES : STRING;
  const results = Object.entries(rules).flatMap(([name, value]) =>
    value === false || value === "KNOWN_REGEX_UNSPECIFIED" ? [] : (table[name]?.(value) ?? []),
  );
  return {
    keywords: results.filter((result) => typeof result !== "string"),
    notes: results.filter((result) => typeof result === "string"),
  };
}

function base64Length(bytes: JsonValue): number {
  return 4 * Math.ceil(Number(bytes) / 3);
}

function ofBytes(n: number): Schema {
  return { minLength: base64Length(n), maxLength: base64Length(n) };
}
