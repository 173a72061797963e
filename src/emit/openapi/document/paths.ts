import type { Binding, Method, Service } from "../../../model/model.js";
import type { Context } from "../context.js";
import type { OperationObject, PathItemObject, PathsObject } from "../objects.js";
import { openApiPath, toPath } from "../operation/openapi-path.js";
import { operation } from "../operation/operation.js";

/** Methods that a Path Item names; for others 3.2 has `additionalOperations`. */
const METHODS = {
  "3.1": new Set(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]),
  "3.2": new Set(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "QUERY"]),
};

/** A path of the document with its operations, by HTTP method. */
interface Entry {
  readonly path: string;
  /** The names of its parameters, as in the first operation. */
  readonly names: readonly string[];
  readonly operations: Map<string, OperationObject>;
}

/** The operations of services by path and HTTP method, in the order of declaration: OpenAPI 3.2.0, Paths Object. */
export function paths(context: Context, services: readonly Service[]): PathsObject {
  const entries = new Map<string, Entry>();
  for (const service of services) {
    for (const method of service.methods) {
      method.bindings.forEach((binding, index) => {
        const problem = addOperation(context, entries, service, method, binding, index);
        if (problem !== undefined) {
          context.problems.warn(
            { desc: method.desc },
            `${binding.method} ${binding.template.text} is left out of the OpenAPI document: ${problem}`,
          );
        }
      });
    }
  }
  return Object.fromEntries([...entries.values()].map(({ path, operations }) => [path, pathItem(context, operations)]));
}

/** Returns the reason if the operation cannot be added. */
function addOperation(
  context: Context,
  entries: Map<string, Entry>,
  service: Service,
  method: Method,
  binding: Binding,
  index: number,
): string | undefined {
  const { method: httpMethod } = binding;
  if (context.version === "3.1" && !METHODS["3.1"].has(httpMethod)) {
    return `3.1 has no place for the method ${httpMethod}, but 3.2 has`;
  }
  const template = openApiPath(context, binding);
  const names = template.parameters.map(({ name }) => name);
  const path = toPath(template, names);
  // "Templated paths with the same hierarchy but different templated names […] are identical."
  const shape = template.literals.join("{}");
  const entry = entries.get(shape) ?? { path, names, operations: new Map() };
  if (entry.operations.has(httpMethod)) {
    return `its path is ${path} there, and ${entry.path} has a ${httpMethod} already`;
  }
  entries.set(shape, entry);
  entry.operations.set(
    httpMethod,
    operation(context, service, method, index, binding, {
      path: entry.path,
      slots: template.parameters,
      names: entry.names,
    }),
  );
  return undefined;
}

/** OpenAPI 3.2.0, Path Item Object. */
function pathItem({ version }: Context, operations: ReadonlyMap<string, OperationObject>): PathItemObject {
  const named = [...operations].filter(([method]) => METHODS[version].has(method));
  const others = [...operations].filter(([method]) => !METHODS[version].has(method));
  return {
    ...Object.fromEntries(named.map(([method, object]) => [method.toLowerCase(), object])),
    ...(others.length > 0 ? { additionalOperations: Object.fromEntries(others) } : {}),
  };
}
