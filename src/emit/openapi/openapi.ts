import type { Api, Service } from "../../model/model.js";
import type { Problems } from "../../problems.js";
import { openApiDocument } from "./document/document.js";
import type { OpenApiOptions } from "./openapi-options.js";
import { printDocument } from "./print-document.js";
import { visibleServices } from "./visible.js";

/** The OpenAPI documents of services, by file name. What OpenAPI has no words for goes to `problems` as a warning. */
export function emitOpenApi(
  api: Api,
  options: OpenApiOptions,
  problems: Problems,
): { readonly name: string; readonly content: string }[] {
  const newest = options.versions.includes("3.2") ? "3.2" : "3.1";
  return [...parts(visibleServices(api.services), options.output, problems)].flatMap(([path, services]) =>
    options.versions.flatMap((version) => {
      const document = openApiDocument(services, version, options, problems);
      const infix = version === newest ? "" : `-${version}`;
      return options.formats.map((format) => ({
        name: `${path}${infix}.${format}`,
        content: printDocument(document, format),
      }));
    }),
  );
}

/** The services of each document, by the document's path without its extension. */
function parts(
  services: readonly Service[],
  output: OpenApiOptions["output"],
  problems: Problems,
): Map<string, Service[]> {
  const documents = new Map<string, Service[]>();
  const named = new Map<string, Service>();
  for (const service of services) {
    const path = documentPath(service, output);
    // Some file systems do not tell "Market" from "market".
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

function documentPath({ desc }: Service, output: OpenApiOptions["output"]): string {
  switch (output) {
    case "merged":
      return "openapi";
    case "file":
      return `${desc.file.name}.openapi`;
    case "service":
      return `${desc.file.name.replace(/[^/]*$/, "")}${desc.name}.openapi`;
  }
}
