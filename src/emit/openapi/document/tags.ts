import type { Service } from "../../../model/model.js";
import type { Context } from "../context.js";
import type { TagObject } from "../objects.js";

/**
 * A tag for each service and, in 3.2, one for each package where there are several: OpenAPI 3.2.0, Tag Object.
 * Documentation shows the only package as a section without operations.
 */
export function tags(context: Context, services: readonly Service[]): readonly TagObject[] {
  if (context.version === "3.1") {
    return services.map((service) => ({ name: context.tagOf(service), description: service.docs.text || undefined }));
  }
  const packages = [...new Set(services.map(packageOf))];
  const isGrouped = packages.length > 1;
  const groups = isGrouped ? packages.filter((name) => name !== "") : [];
  return [
    ...groups.map((name) => ({ name, summary: name, kind: "nav", description: `The package \`${name}\`.` })),
    ...services.map((service) => ({
      name: context.tagOf(service),
      summary: service.desc.name,
      parent: (isGrouped && packageOf(service)) || undefined,
      kind: "nav",
      description: service.docs.text || undefined,
    })),
  ];
}

/** Names services: by their short name where nothing else of the document has it, else in full. */
export function tagNames(services: readonly Service[]): (service: Service) => string {
  const packages = new Set(services.map(packageOf));
  const count = new Map<string, number>();
  for (const { desc } of services) {
    count.set(desc.name, (count.get(desc.name) ?? 0) + 1);
  }
  return ({ desc }) => (count.get(desc.name) === 1 && !packages.has(desc.name) ? desc.name : desc.typeName);
}

function packageOf({ desc }: Service): string {
  return desc.file.proto.package;
}
