import type { Service } from "../../model/model.js";
import type { Problems } from "../../problems.js";
import { Components } from "./components.js";
import { type Context, createNames } from "./context.js";
import type { OpenApiObject } from "./objects.js";
import type { OpenApiOptions, OpenApiVersion } from "./openapi-options.js";
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
  const context: Context = { version, options, components, problems, tagOf, operationId: createNames() };
  const items = paths(context, services); // fills the components
  return {
    openapi: `${version}.0`,
    info: { title: options.title ?? title(services), version: options.apiVersion },
    servers: options.servers.length > 0 ? options.servers.map((url) => ({ url })) : undefined,
    tags: tags(context, services),
    paths: items,
    components: components.toObject(),
  };
}

/** The packages; the services, where there is no package. */
function title(services: readonly Service[]): string {
  return [...new Set(services.map(({ desc }) => desc.file.proto.package || desc.name))].join(", ");
}
