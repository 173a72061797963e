import type { Api, Service } from "../../model/model.js";
import type { Options } from "../../options.js";
import { printYaml, type YamlValue } from "../../print/yaml.js";
import type { Problems } from "../../problems.js";
import type { Emission } from "../output.js";
import { openApiDocument } from "./document/document.js";
import type { OpenApiObject } from "./objects.js";

/** Emits the OpenAPI documents of the services. What OpenAPI cannot express goes to `problems` as a warning. */
export function emitDocuments({
  api,
  options,
  problems,
  addFile,
}: Pick<Emission, "api" | "options" | "problems" | "addFile">): void {
  const newest = options.openapi.includes("3.2") ? "3.2" : "3.1";
  for (const [path, services] of documents(visibleServices(api), options.openapi_output, problems)) {
    for (const version of options.openapi) {
      const document = openApiDocument({ ...api, services }, version, options, problems);
      const infix = version === newest ? "" : `-${version}`;
      for (const format of options.openapi_format) {
        addFile(`${path}${infix}.${format}`, printDocument(document, format));
      }
    }
  }
}

/** The services and methods that google.api.visibility does not restrict. */
function visibleServices({ services, rules }: Api): readonly Service[] {
  return services
    .filter(({ desc }) => !rules.restricted.has(desc))
    .map((service) => ({ ...service, methods: service.methods.filter(({ desc }) => !rules.restricted.has(desc)) }))
    .filter(({ methods }) => methods.length > 0);
}

/** The services of each document, by the document's path without its extension. */
function documents(
  services: readonly Service[],
  output: Options["openapi_output"],
  problems: Problems,
): Map<string, Service[]> {
  const documents = new Map<string, Service[]>();
  const named = new Map<string, Service>();
  for (const service of services) {
    const path = documentPath(service, output);
    // On some file systems, "Market" and "market" are the same file.
    const other = output === "service" ? named.get(path.toLowerCase()) : undefined;
    if (other !== undefined) {
      const name = `${other.desc.typeName} (${other.desc.file.name}.proto)`;
      problems.error(
        { desc: service.desc },
        `its document has the same file name as that of ${name}: rename one, move it to another folder, or set openapi_output`,
      );
    }
    named.set(path.toLowerCase(), service);
    documents.set(path, [...(documents.get(path) ?? []), service]);
  }
  return documents;
}

function documentPath({ desc }: Service, output: Options["openapi_output"]): string {
  switch (output) {
    case "merged":
      return "openapi";
    case "file":
      return `${desc.file.name}.openapi`;
    case "service":
      return `${desc.file.name.replace(/[^/]*$/, "")}${desc.name}.openapi`;
  }
}

/** The text of a document: the same bytes for the same services. */
function printDocument(document: OpenApiObject, format: "yaml" | "json"): string {
  return format === "json" ? `${JSON.stringify(document, undefined, 2)}\n` : printYaml(document as object as YamlValue); // interfaces have no index signature
}
