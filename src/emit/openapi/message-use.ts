import type { DescMessage } from "@bufbuild/protobuf";
import type { Service } from "../../model/model.js";

/** Where a message travels. */
export interface MessageUse {
  readonly inRequests: boolean;
  readonly inResponses: boolean;
}

/** Finds where messages travel, those within others too. */
export function messageUses(services: readonly Service[]): (desc: DescMessage) => MessageUse {
  const methods = services.flatMap((service) => service.methods);
  const requests = reachable(methods.map(({ desc }) => desc.input));
  const responses = reachable(methods.map(({ desc }) => desc.output));
  return (desc) => ({ inRequests: requests.has(desc), inResponses: responses.has(desc) });
}

function reachable(from: readonly DescMessage[], found = new Set<DescMessage>()): ReadonlySet<DescMessage> {
  for (const desc of from) {
    if (found.has(desc)) {
      continue;
    }
    found.add(desc);
    reachable(
      desc.fields.flatMap(({ message }) => message ?? []),
      found,
    );
  }
  return found;
}
