import type { Service } from "../../model/model.js";

/** A global of TypeScript. If a message has the same name, `globalThis` is in front. */
export function globalName(name: "Partial" | "Promise", services: readonly Service[]): string {
  return messageNames(services).has(name) ? `globalThis.${name}` : name;
}

/** The name, followed by `_` if a message, an enum or a service has the same name. */
export function unusedName(name: string, services: readonly Service[]): string {
  const taken = messageNames(services);
  let unused = name;
  while (taken.has(unused)) {
    unused += "_";
  }
  return unused;
}

/** Names that the generated code of these services imports from protoc-gen-es. */
function messageNames(services: readonly Service[]): Set<string> {
  return new Set(
    services.flatMap(({ desc, methods }) => [
      desc.name,
      ...methods.flatMap((method) => [method.desc.input.name, method.desc.output.name]),
    ]),
  );
}
