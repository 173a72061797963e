import type { Api, Service } from "../../../model/model.js";
import type { Options } from "../../../options.js";
import type { Problems } from "../../../problems.js";
import { Components, renameSchemas } from "../components.js";
import { type Context, createNames, createTitles, isPlain, messageUses, type OpenApiVersion } from "../context.js";
import { merge, omitAt, type Tree } from "../merge.js";
import type { OpenApiObject } from "../objects.js";
import { paths } from "./paths.js";
import { securitySchemes } from "./security.js";
import { tagNames, tags } from "./tags.js";

/** The document of some services, OpenAPI 3.2.0, OpenAPI Object. What it cannot express goes to `problems`. */
export function openApiDocument(
  { services, rules }: Api,
  version: OpenApiVersion,
  options: Options,
  problems: Problems,
): OpenApiObject {
  const components = new Components();
  const tagOf = tagNames(services);
  const context: Context = {
    version,
    options,
    rules,
    components,
    problems,
    useOf: messageUses(services),
    tagOf,
    operationId: createNames(),
    title: createTitles(options),
  };
  const items = paths(context, services); // fills the components
  const schemes = securitySchemes(services, problems);
  const described = {
    tags: tags(context, services),
    paths: items,
    components: { ...components.toObject(), ...(schemes === undefined ? {} : { securitySchemes: schemes }) },
  };
  const generated = isPlain(context) ? withoutExtensions(described) : described;
  const servers = options.openapi_servers.map((url) => ({ url }));
  const fromOptions = {
    openapi: `${version}.0`,
    info: { title: options.openapi_title, version: options.openapi_version },
    servers: servers.length > 0 ? servers : undefined,
  };
  const defaults = { info: { title: defaultTitle(services), version: "0.0.0" } };
  const names = options.openapi_names === "short" ? components.shortNames() : new Map<string, string>();
  const files = [...new Set(services.map(({ desc }) => desc.file))];
  // The schemes of the options of sse.v1 replace others of their names.
  const [base = {}, ...fromFiles] = [options.openapi_base, ...files.map((file) => rules.gnostic.get(file))].map(
    (layer) => omitAt(layer ?? {}, ["components", "securitySchemes"], Object.keys(schemes ?? {})),
  );
  const layers: Tree[] = [defaults, base, generated, ...fromFiles, fromOptions];
  // Each layer, since authors may write either name.
  return arrange(layers.map((layer) => renameSchemas(layer, names)).reduce(merge));
}

/** Fields in the order of the specification, and components by name. */
function arrange(document: Tree): OpenApiObject {
  const { components, ...rest } = document;
  const known = FIELDS.filter((field) => field in rest).map((field) => [field, rest[field]]);
  const others = Object.entries(rest).filter(([field]) => !FIELDS.includes(field));
  return {
    ...Object.fromEntries([...known, ...others]),
    components: mapValues(components as Tree, (section) => sorted(section as Tree)), // as generated
  };
}

/** Removes the members `x-…`. Names and values from the proto are kept. */
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

/** Members that hold JSON of the API, or names only. */
const VALUES: ReadonlySet<string> = new Set(["const", "default", "enum", "example", "examples", "scopes", "security"]);

/** Members whose keys are names. */
const MAPS: ReadonlySet<string> = new Set(["dependentSchemas", "headers", "properties", "schemas", "securitySchemes"]);

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

/** The names of the packages, or of the services if there is no package. */
function defaultTitle(services: readonly Service[]): string {
  return [...new Set(services.map(({ desc }) => desc.file.proto.package || desc.name))].join(", ");
}
