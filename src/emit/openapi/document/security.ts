import type { OAuthFlow, SecurityScheme, Service } from "../../../model/model.js";
import type { Problems } from "../../../problems.js";
import type { ComponentsObject, OAuthFlowObject, SecuritySchemeObject } from "../objects.js";

/** The schemes that the services of a document declare or use; undefined if there are none. */
export function securitySchemes(services: readonly Service[], problems: Problems): ComponentsObject["securitySchemes"] {
  const used = services.flatMap(({ methods }) =>
    methods.flatMap(({ document }) => (document.security ?? []).flat().flatMap(({ scheme }) => scheme ?? [])),
  );
  const schemes = new Map<string, { readonly scheme: SecurityScheme; readonly object: SecuritySchemeObject }>();
  for (const scheme of new Set([...services.flatMap(({ document }) => document.schemes), ...used])) {
    const object = schemeObject(scheme);
    const other = schemes.get(scheme.name);
    if (other !== undefined && JSON.stringify(other.object) !== JSON.stringify(object)) {
      problems.error(
        scheme.place,
        `security scheme "${scheme.name}" differs from that of ${other.scheme.service}, which is in the same document: rename one`,
      );
    }
    schemes.set(scheme.name, { scheme, object });
  }
  return schemes.size === 0 ? undefined : Object.fromEntries([...schemes].map(([name, { object }]) => [name, object]));
}

/** OpenAPI 3.2.0, Security Scheme Object. */
function schemeObject({ kind, description: text }: SecurityScheme): SecuritySchemeObject {
  const description = text || undefined;
  switch (kind.case) {
    case "http":
      return { type: "http", description, scheme: kind.scheme, bearerFormat: kind.bearerFormat || undefined };
    case "apiKey":
      return { type: "apiKey", description, in: kind.in, name: kind.name };
    case "oauth2":
      return {
        type: "oauth2",
        description,
        flows: Object.fromEntries(kind.flows.map((flow) => [flow.name, flowObject(flow)])),
      };
    case "openIdConnect":
      return { type: "openIdConnect", description, openIdConnectUrl: kind.url };
    case "mutualTls":
      return { type: "mutualTLS", description };
  }
}

/** OpenAPI 3.2.0, OAuth Flow Object. */
function flowObject({ authorizationUrl, tokenUrl, refreshUrl, scopes }: OAuthFlow): OAuthFlowObject {
  return {
    authorizationUrl: authorizationUrl || undefined,
    tokenUrl: tokenUrl || undefined,
    refreshUrl: refreshUrl || undefined,
    scopes,
  };
}
