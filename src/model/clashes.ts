import type { DescFile, DescMessage, DescMethod } from "@bufbuild/protobuf";
import type { Problems } from "../problems.js";
import type { Binding, Service } from "./model.js";

/** Finds names that clash in generated code or as file names. */
export function checkNames(services: readonly Service[], problems: Problems): void {
  const files = new Map<string, DescFile>();
  for (const service of services) {
    if (service.methods.length === 0) {
      continue;
    }
    const { file } = service.desc;
    const otherFile = files.get(file.name.toLowerCase());
    if (otherFile !== undefined && otherFile !== file) {
      problems.error({ desc: file }, `its name differs from ${otherFile.name}.proto only in case: rename one`);
    }
    files.set(file.name.toLowerCase(), file);

    const inService = new Map<string, DescMethod>();
    for (const { desc } of service.methods) {
      const clash = inService.get(lowerCamel(desc.name));
      if (clash !== undefined) {
        problems.error({ desc }, `rpc ${clash.name} also generates the name "${lowerCamel(desc.name)}": rename one`);
      }
      inService.set(lowerCamel(desc.name), desc);
    }
  }
}

/** Finds fields that JavaScript objects cannot have: assigning `__proto__` sets the prototype instead. */
export function checkJsonNames(files: readonly DescFile[], problems: Problems): void {
  const visit = (desc: DescMessage): void => {
    for (const field of desc.fields.filter((f) => f.jsonName === "__proto__")) {
      problems.error({ desc: field }, 'json_name "__proto__": not a safe property name in JavaScript: choose another');
    }
    desc.nestedMessages.forEach(visit);
  };
  for (const file of files) {
    file.messages.forEach(visit);
  }
}

/**
 * Finds methods of a package that match the same requests. In the google dialect this is only a warning, because services
 * of one package may be meant for different servers. `createServer` throws if both are mounted.
 */
export function checkRoutes(
  services: readonly Service[],
  problems: Problems,
  isGoogle: (desc: DescMethod) => boolean,
): void {
  const routes = new Map<string, DescMethod>();
  for (const service of services) {
    for (const { desc, bindings } of service.methods) {
      for (const binding of bindings) {
        const key = `${service.desc.file.proto.package} ${route(binding)}`;
        const other = routes.get(key);
        if (other !== undefined) {
          const who = other === desc ? "another binding of this rpc" : `rpc ${other.parent.typeName}.${other.name}`;
          const message = `${binding.method} ${binding.template.text} matches the same requests as ${who}`;
          if (other.parent !== desc.parent && isGoogle(desc)) {
            problems.warn(binding.place, `${message}: a server cannot mount both`);
          } else {
            problems.error(binding.place, `${message}: change one of the paths`);
          }
        }
        routes.set(key, desc);
      }
    }
  }
}

/** The requests that a binding matches: the names of its variables do not count. */
function route({ method, template }: Binding): string {
  const segments = template.segments.map((s) => (s.kind === "literal" ? `=${s.value}` : s.kind));
  return `${method} ${segments.join("/")} ${template.verb ?? ""}`;
}

function lowerCamel(name: string): string {
  return name.replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase()).replace(/^./, (c) => c.toLowerCase());
}
