import type { DescField } from "@bufbuild/protobuf";
import { isRestricted } from "../../model/field-rules.js";
import type { Service } from "../../model/model.js";

/** The services and methods that google.api.visibility keeps from nobody. */
export function visibleServices(services: readonly Service[]): readonly Service[] {
  return services
    .filter(({ desc }) => !isRestricted(desc))
    .map((service) => ({ ...service, methods: service.methods.filter(({ desc }) => !isRestricted(desc)) }))
    .filter(({ methods }) => methods.length > 0);
}

/** Whether a field is told to everybody. */
export function isVisible(field: DescField): boolean {
  return !isRestricted(field);
}
