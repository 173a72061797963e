import type { Service } from "../../../model/model.js";
import type { Problems } from "../../../problems.js";
import { type Context, createNames, createTitles, isPlain } from "../context.js";
import { messageUses } from "../message-use.js";
import type { OpenApiObject } from "../objects.js";
import type { OpenApiOptions, OpenApiVersion } from "../openapi-options.js";
import { Components, renameSchemas } from "./components.js";
import { fileOverrides } from "./gnostic-overrides.js";
import { merge, type Tree } from "./merge.js";
import { paths } from "./paths.js";
import { tagNames, tags } from "./tags.js";

/** The document of some services, OpenAPI 3.2.0, OpenAPI Object. What it has no words for goes to `problems`. */
export function openApiDocument(
  services: readonly Service[],
  version: OpenApiVersion,
  options: OpenApiOptions,
  problems: Problems,
): OpenApiObject {
  const components = new Components();
  const tagOf = tagNames(services);
  const context: Context = {
    version,
    options,
    components,
    problems,
    useOf: messageUses(services),
    tagOf,
    operationId: createNames(),
    title: createTitles(options),
  };
  const items = paths(context, services); // fills the components
  const described = { tags: tags(context, services), paths: items, components: components.toObject() };
  const decided = isPlain(context) ? withoutExtensions(described) : described;
  const { title, apiVersion, servers, base } = options;
  const said = {
    openapi: `${version}.0`,
    info: { title, version: apiVersion },
    servers: servers.length > 0 ? servers.map((url) => ({ url })) : undefined,
  };
  const unsaid = { info: { title: defaultTitle(services), version: "0.0.0" } };
  const names = options.names === "short" ? components.shortNames() : new Map<string, string>();
  const parts: Tree[] = [unsaid, base ?? {}, decided, ...fileOverrides(services), said];
  // Each part, since authors may write either name.
  return arrange(parts.map((part) => renameSchemas(part, names)).reduce(merge));
}

/** Fields in the order of the specification, and components by name. */
function arrange(document: Tree): OpenApiObject {
  const { components, ...rest } = document;
  const known = FIELDS.filter((field) => field in rest).map((field) => [field, rest[field]]);
  const others = Object.entries(rest).filter(([field]) => !FIELDS.includes(field));
  return {
    ...Object.fromEntries([...known, ...others]),
    components: mapValues(components as Tree, (section) => sorted(section as Tree)), // as `decided` has them
  };
}

/** Without the members `x-…` of its objects. Names and values of the author stay as they are. */
function withoutExtensions(object: Tree): Tree {
  const members = Object.entries(object).filter(([key]) => !key.startsWith("x-"));
  return Object.fromEntries(members.map(([key, value]) => [key, withoutExtensionsIn(key, value)]));
}

function withoutExtensionsIn(key: string, value: unknown): unknown {
  if (VALUES.has(key) || typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => withoutExtensionsIn("", item));
  }
  return MAPS.has(key)
    ? mapValues(value as Tree, (item) => withoutExtensionsIn("", item)) // as just seen
    : withoutExtensions(value as Tree);
}

/** Members that hold JSON of the API. */
const VALUES: ReadonlySet<string> = new Set(["const", "default", "enum", "example", "examples"]);

/** Members whose keys are names. */
const MAPS: ReadonlySet<string> = new Set(["dependentSchemas", "headers", "properties", "schemas"]);

function mapValues(tree: Tree, map: (value: unknown) => unknown): Tree {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, map(value)]));
}

function sorted(tree: Tree): Tree {
  return Object.fromEntries(Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const FIELDS: readonly string[] = [
  "openapi",
  "$self",
  "info",
  "jsonSchemaDialect",
  "externalDocs",
  "servers",
  "security",
  "tags",
  "webhooks",
  "paths",
];

/** The packages; the services, where there is no package. */
function defaultTitle(services: readonly Service[]): string {
  return [...new Set(services.map(({ desc }) => desc.file.proto.package || desc.name))].join(", ");
}
