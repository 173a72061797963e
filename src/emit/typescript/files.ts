import type { DescFile } from "@bufbuild/protobuf";
import type { Api, Service } from "../../model/model.js";

/** The services by the file that declares them, in the order of the request. */
export function servicesByFile({ services }: Api): Map<DescFile, Service[]> {
  const files = new Map<DescFile, Service[]>();
  for (const service of services) {
    files.set(service.desc.file, [...(files.get(service.desc.file) ?? []), service]);
  }
  return files;
}

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
