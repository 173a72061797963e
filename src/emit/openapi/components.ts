import type { ComponentsObject, Reference, ResponseObject, Schema } from "./objects.js";

/** What a document refers to by name: OpenAPI 3.2.0, Components Object. */
export class Components {
  readonly #schemas = new Map<string, Schema>();
  readonly #responses = new Map<string, ResponseObject>();

  /** Refers to a schema, which is built when it is first referred to. Messages recur, so `build` may ask for itself. */
  schema(name: string, build: () => Schema): Reference {
    if (!this.#schemas.has(name)) {
      this.#schemas.set(name, {});
      this.#schemas.set(name, build());
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  response(name: string, build: () => ResponseObject): Reference {
    if (!this.#responses.has(name)) this.#responses.set(name, build());
    return { $ref: `#/components/responses/${name}` };
  }

  /** All of them by name, so that a new method does not move them. */
  toObject(): ComponentsObject {
    return { schemas: sorted(this.#schemas), responses: sorted(this.#responses) };
  }
}

/** A name with only the characters that the key of a component may have. */
export function componentName(name: string): string {
  return name.replace(/[^a-zA-Z0-9._-]/gu, "_");
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
