import type { Service } from "../../../model/model.js";
import { type Context, tagsOf } from "../context.js";
import { commentWith, externalDocs } from "../describe.js";
import type { TagObject } from "../objects.js";

/**
 * The tags of the operations, OpenAPI 3.2.0, Tag Object. The first tag of a service describes it. In 3.2, it belongs to that of
 * its package if there are several packages: for a single package, documentation tools would show a section without operations.
 */
export function tags(context: Context, services: readonly Service[]): readonly TagObject[] {
  const packages = [...new Set(services.map(packageOf))];
  const isGrouped = context.version === "3.2" && packages.length > 1;
  const groups = isGrouped ? packages.filter((name) => name !== "") : [];
  const all: readonly TagObject[] = [
    ...groups.map((name) => ({ name, summary: name, kind: "nav", description: `The package \`${name}\`.` })),
    ...services.flatMap((service) => serviceTags(context, service, isGrouped)),
  ];
  // Services can share a tag: the first that describes it does.
  const names = [...new Set(all.map(({ name }) => name))];
  return names.flatMap((name) => {
    const same = all.filter((tag) => tag.name === name);
    return same.find(({ description }) => description !== undefined) ?? same.slice(0, 1);
  });
}

/** The tag of a service in front of others that it or its methods name. */
function serviceTags(context: Context, service: Service, isGrouped: boolean): readonly TagObject[] {
  const { desc, docs, document, methods } = service;
  const own = tagsOf(context, service, document.tags);
  const used = methods.flatMap((method) => tagsOf(context, service, method.document.tags));
  const others = [...own, ...used].map((name) => ({ name, description: descriptionOf(document, name) }));
  if (document.tags.length === 0 && !used.some((name) => own.includes(name))) {
    return others.slice(own.length); // all methods have tags of their own
  }
  const is32 = context.version === "3.2";
  const first: TagObject = {
    name: own[0] ?? desc.name,
    summary: is32 && document.tags.length === 0 ? desc.name : undefined,
    parent: (isGrouped && packageOf(service)) || undefined,
    kind: is32 ? "nav" : undefined,
    description: descriptionOf(document, document.tags[0] ?? desc.name) ?? commentWith(document.summary, docs),
    externalDocs: externalDocs(document.externalDocs),
  };
  return [first, ...others];
}

function descriptionOf({ tagDescriptions }: Service["document"], name: string): string | undefined {
  return Object.hasOwn(tagDescriptions, name) ? tagDescriptions[name] || undefined : undefined;
}

/** The tags of services: the short name if nothing else in the document has it, else the full name. */
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
