import type { DescEnum, DescMessage, DescService } from "@bufbuild/protobuf";
import type { Tree } from "./merge.js";
import type { ComponentsObject, Reference, ResponseObject, Schema } from "./objects.js";

/** The name of a component: that of a declaration, or one derived from it. */
export interface ComponentName {
  readonly package: string;
  /** The name within the package: `Order.Item`. */
  readonly local: string;
}

/** The parts of a document that it refers to by name: OpenAPI 3.2.0, Components Object. */
export class Components {
  readonly #schemas = new Map<string, Schema>();
  readonly #names = new Map<string, ComponentName>();
  readonly #responses = new Map<string, ResponseObject>();

  /** A reference to a schema. The first call builds it. Messages can be recursive, so `build` can refer to itself. */
  schema(name: ComponentName, build: () => Schema): Reference {
    const key = fullName(name);
    if (!this.#schemas.has(key)) {
      this.#schemas.set(key, {});
      this.#names.set(key, name);
      this.#schemas.set(key, build());
    }
    return { $ref: SCHEMAS + key };
  }

  response(name: string, build: () => ResponseObject): Reference {
    if (!this.#responses.has(name)) {
      this.#responses.set(name, build());
    }
    return { $ref: `#/components/responses/${name}` };
  }

  /** The components, sorted by name, so that a new method does not move them. */
  toObject(): ComponentsObject {
    return { schemas: sorted(this.#schemas), responses: sorted(this.#responses) };
  }

  /**
   * The short names of schemas by their full ones: without the package and without dots, which some generators
   * take for modules. A name that two schemas would have stays full.
   */
  shortNames(): ReadonlyMap<string, string> {
    const short = [...this.#names].map(([key, { local }]) => [key, local.replaceAll(".", "_")] as const);
    const classes = short.map(([, name]) => className(name));
    return new Map(short.filter(([, name]) => classes.filter((other) => other === className(name)).length === 1));
  }
}

/** The name of the component of a declaration. `made` are names of what is derived from it: `Ask`, `Event`. */
export function componentName(
  { typeName, file }: DescMessage | DescEnum | DescService,
  ...made: string[]
): ComponentName {
  const { package: pkg } = file.proto;
  const local = pkg === "" ? typeName : typeName.slice(pkg.length + 1);
  return { package: pkg, local: [local, ...made].join(".") };
}

/** A name with only the characters that the key of a component may have. */
export function componentPart(name: string): string {
  return name.replace(/[^a-zA-Z0-9._-]/gu, "_");
}

/** A document, or a part of one, with other names for its schemas. */
export function renameSchemas(document: Tree, names: ReadonlyMap<string, string>): Tree {
  const { components, ...rest } = names.size === 0 ? document : (renameReferences(document, names) as Tree); // a tree stays one
  if (components === undefined) {
    return rest;
  }
  const { schemas = {}, ...others } = components as Tree; // as the specification has it
  const renamed = Object.entries(schemas as Tree).map(([name, schema]) => [names.get(name) ?? name, schema] as const);
  return { ...rest, components: { ...others, schemas: Object.fromEntries(renamed) } };
}

/** The name that code generators make of a title, without the case and punctuation in which they differ. */
export function className(name: string): string {
  return name.replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();
}

const SCHEMAS = "#/components/schemas/";

/** Renames in `$ref` and in the mapping of a discriminator. */
function renameReferences(node: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof node === "string" && node.startsWith(SCHEMAS)) {
    const name = node.slice(SCHEMAS.length);
    return SCHEMAS + (names.get(name) ?? name);
  }
  if (Array.isArray(node)) {
    return node.map((item) => renameReferences(item, names));
  }
  if (typeof node !== "object" || node === null) {
    return node;
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, renameReferences(value, names)]));
}

function fullName({ package: pkg, local }: ComponentName): string {
  return pkg === "" ? local : `${pkg}.${local}`;
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
