import type { DescFile, DescService } from "@bufbuild/protobuf";
import { readServiceDocument } from "../annotations/document.js";
import { type ForeignOptions, UnreadableOption } from "../annotations/foreign-option.js";
import { readGnostic } from "../annotations/gnostic.js";
import {
  type OAuthFlow as FlowRule,
  type OAuthFlows as FlowRules,
  OAuthFlowSchema,
  OAuthFlowsSchema,
  type SecurityRequirement as RequirementRule,
  type SecurityScheme as SchemeRule,
  SecurityRequirementSchema,
  SecuritySchemeSchema,
  ServiceDocumentSchema,
} from "../gen/sse/v1/annotations_pb.js";
import { didYouMean, type Place, type Problems } from "../problems.js";
import type { OAuthFlow, SecurityRequirement, SecurityScheme } from "./model.js";

/** The security schemes by proto package and name: each is known to all services of its package. */
export type Schemes = ReadonlyMap<string, ReadonlyMap<string, SecurityScheme>>;

/** The security schemes that the services of the files declare. */
export function buildSchemes(files: readonly DescFile[], problems: Problems): Schemes {
  const packages = new Map<string, Map<string, SecurityScheme>>();
  for (const { proto, services } of files) {
    const known = packages.get(proto.package) ?? new Map<string, SecurityScheme>();
    packages.set(proto.package, known);
    for (const desc of services) {
      const { rule, at } = readServiceDocument(desc) ?? {};
      const { number } = ServiceDocumentSchema.field.securitySchemes;
      rule?.securitySchemes.forEach((written, i) => {
        const scheme = buildScheme(desc, written, (...path) => at?.(number, i, ...path) ?? { desc }, problems);
        const other = known.get(scheme.name);
        if (other?.service === desc) {
          problems.error(scheme.place, `security scheme "${scheme.name}" is declared twice: remove one`);
        } else if (other !== undefined && !isEqual(other, scheme)) {
          problems.error(
            scheme.place,
            `security scheme "${scheme.name}" differs from that of ${other.service}: declare it once, or rename one`,
          );
        }
        known.set(scheme.name, scheme);
      });
    }
  }
  return packages;
}

/** The names of the schemes in `(openapi.v3.document)` of a file. */
export function gnosticSchemes(file: DescFile, options: ForeignOptions): readonly string[] {
  try {
    const { components } = (readGnostic(file, options) ?? {}) as { components?: { securitySchemes?: object } };
    return Object.keys(components?.securitySchemes ?? {});
  } catch (error) {
    if (error instanceof UnreadableOption) {
      return []; // reported where the rules are read
    }
    throw error;
  }
}

/** Whether two services mean the same scheme. */
function isEqual(a: SecurityScheme, b: SecurityScheme): boolean {
  const meaning = ({ description, kind }: SecurityScheme) => JSON.stringify([description, kind]);
  return meaning(a) === meaning(b);
}

function buildScheme(
  service: DescService,
  written: SchemeRule,
  at: (...path: number[]) => Place,
  problems: Problems,
): SecurityScheme {
  const { name, description, bearerFormat } = written;
  const { field } = SecuritySchemeSchema;
  const error = (key: keyof typeof field | undefined, message: string) =>
    problems.error(key === undefined ? at() : at(field[key].number), `security scheme "${name}": ${message}`);
  // The keys of the Components Object, OpenAPI 3.2.0.
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    error("name", 'the name must have letters, digits, ".", "-" and "_" only');
  }
  const isBearer = written.kind.case === "http" && written.kind.value.toLowerCase() === "bearer";
  if (bearerFormat !== "" && !isBearer) {
    error("bearerFormat", 'bearer_format: only http: "bearer" has one: remove it');
  }
  return { name, description, kind: buildKind(written, error), service, place: at() };
}

function buildKind(
  { kind, bearerFormat }: SchemeRule,
  error: (key: keyof typeof SecuritySchemeSchema.field | undefined, message: string) => void,
): SecurityScheme["kind"] {
  const isToken = (text: string) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(text);
  switch (kind.case) {
    case "http":
      if (!isToken(kind.value)) {
        error("http", `http: "${kind.value}" is not the name of an authentication scheme, such as bearer or basic`);
      }
      return { case: "http", scheme: kind.value, bearerFormat };
    case "header":
    case "cookie":
    case "query":
      if (kind.case === "query" ? kind.value === "" : !isToken(kind.value)) {
        error(kind.case, `${kind.case}: "${kind.value}" is not the name of a ${KEYS[kind.case]}`);
      }
      return { case: "apiKey", in: kind.case, name: kind.value };
    case "openIdConnect":
      if (!isUrl(kind.value)) {
        error("openIdConnect", `open_id_connect: "${kind.value}" is not an absolute URL`);
      }
      return { case: "openIdConnect", url: kind.value };
    case "oauth2":
      return { case: "oauth2", flows: buildFlows(kind.value, (message) => error("oauth2", `oauth2: ${message}`)) };
    case "mutualTls":
    case undefined:
      if (kind.value !== true) {
        error(undefined, `has no kind: set one of ${KINDS.join(", ")}`);
      }
      return { case: "mutualTls" };
  }
}

/** What a scheme with a key calls the place of the key. */
const KEYS = { header: "header", query: "query parameter", cookie: "cookie" } as const;

const KINDS = SecuritySchemeSchema.fields.filter(({ oneof }) => oneof !== undefined).map(({ name }) => name);

/** The URLs that each flow has: OpenAPI 3.2.0, OAuth Flow Object. */
const FLOWS = {
  authorizationCode: ["authorizationUrl", "tokenUrl"],
  clientCredentials: ["tokenUrl"],
  implicit: ["authorizationUrl"],
  password: ["tokenUrl"],
} as const;

function buildFlows(written: FlowRules, error: (message: string) => void): readonly OAuthFlow[] {
  const names = Object.keys(FLOWS) as (keyof typeof FLOWS)[]; // its own keys
  const flows = names.flatMap((name) => {
    const flow = written[name];
    return flow === undefined ? [] : [buildFlow(name, flow, error)];
  });
  if (flows.length === 0) {
    error(`has no flow: set one of ${OAuthFlowsSchema.fields.map((field) => field.name).join(", ")}`);
  }
  return flows;
}

function buildFlow(name: keyof typeof FLOWS, written: FlowRule, error: (message: string) => void): OAuthFlow {
  const { field } = OAuthFlowSchema;
  const flow = OAuthFlowsSchema.field[name].name;
  const required: readonly string[] = FLOWS[name];
  for (const key of ["authorizationUrl", "tokenUrl", "refreshUrl"] as const) {
    const url = written[key];
    if (url === "" && required.includes(key)) {
      error(`${flow} needs ${field[key].name}`);
    } else if (url !== "" && key !== "refreshUrl" && !required.includes(key)) {
      error(`${flow} has no ${field[key].name}: remove it`);
    } else if (url !== "" && !isUrl(url)) {
      error(`${flow}: ${field[key].name} "${url}" is not an absolute URL`);
    }
  }
  const { authorizationUrl, tokenUrl, refreshUrl } = written;
  const scopes = Object.entries(written.scopes).sort(([a], [b]) => (a < b ? -1 : 1)); // compilers keep no order
  return { name, authorizationUrl, tokenUrl, refreshUrl, scopes: Object.fromEntries(scopes) };
}

/** Linters refuse relative URLs, though OpenAPI allows them. */
export function isUrl(text: string): boolean {
  return /^[^\s<>"{}|\\^`]+$/.test(text) && URL.canParse(text);
}

/**
 * The requirements of a service or a method, one of which is enough; undefined if there are none. `elsewhere` are names of
 * schemes that are not declared in options of sse.v1.
 */
export function buildSecurity(
  known: ReadonlyMap<string, SecurityScheme>,
  elsewhere: ReadonlySet<string>,
  written: readonly RequirementRule[],
  at: (index: number, ...path: number[]) => Place,
  problems: Problems,
): readonly SecurityRequirement[] | undefined {
  const { field } = SecurityRequirementSchema;
  const requirements = written.map((rule, i) => {
    const all = [
      { rule, place: at(i) },
      ...rule.also.map((also, n) => ({ rule: also, place: at(i, field.also.number, n) })),
    ];
    if (rule.scheme === "" && rule.also.length === 0) {
      if (rule.scopes.length > 0) {
        problems.error(at(i), "security: has scopes but no scheme: set scheme");
      }
      return []; // everyone
    }
    const names = new Set<string>();
    return all.map(({ rule: { scheme: name, scopes, also }, place }) => {
      const error = (message: string) => problems.error(place, `security: ${message}`);
      const scheme = known.get(name);
      if (name === "") {
        error("has no scheme: set scheme");
      } else if (scheme === undefined && !elsewhere.has(name)) {
        const hint = didYouMean(name, [...known.keys(), ...elsewhere]);
        error(`unknown scheme "${name}"${hint}: declare it in security_schemes of (sse.v1.service_document)`);
      }
      if (names.has(name)) {
        error(`scheme "${name}" is there twice: remove one`);
      }
      names.add(name);
      if (place !== all[0]?.place && also.length > 0) {
        error("also cannot be nested: move it one level up");
      }
      checkScopes(scheme, scopes, error);
      return { name, scopes, scheme };
    });
  });
  return requirements.length === 0 ? undefined : requirements;
}

function checkScopes(
  scheme: SecurityScheme | undefined,
  scopes: readonly string[],
  error: (message: string) => void,
): void {
  if (scheme?.kind.case !== "oauth2") {
    return; // others have roles, which are declared nowhere
  }
  const declared = new Set(scheme.kind.flows.flatMap((flow) => Object.keys(flow.scopes)));
  for (const scope of scopes.filter((name) => !declared.has(name))) {
    error(`unknown scope "${scope}"${didYouMean(scope, declared)}: add it to the flows of scheme "${scheme.name}"`);
  }
}
