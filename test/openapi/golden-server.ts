import { join } from "node:path";
import { create, createFileRegistry, type Message, type Registry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createServer, type RouteInfo } from "protoc-gen-sse/server";
import { serve } from "srvx";
import { createReader } from "../../src/annotations/read.js";
import { buildApi } from "../../src/model/build.js";
import type { Method } from "../../src/model/model.js";
import type { Rules } from "../../src/model/rules.js";
import { Problems } from "../../src/problems.js";
import type { GoldenCase } from "../golden.js";

/** The emitted server of a golden case, which runs. */
export interface GoldenServer {
  readonly url: string;
  readonly routes: readonly RouteInfo[];
  readonly match: (request: Request) => boolean;
  /** The handlers by the full name of the method; a test sets them. */
  readonly handlers: Map<string, (request: Message) => unknown>;
  readonly close: () => Promise<void>;
}

export function methodName({ desc }: Pick<Method, "desc">): string {
  return `${desc.parent.typeName}.${desc.name}`;
}

/** The model of a case. */
export function goldenApi({ request }: GoldenCase): { methods: readonly Method[]; rules: Rules; registry: Registry } {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: request.protoFile }));
  const files = request.fileToGenerate.flatMap((file) => registry.getFile(file) ?? []);
  const { services, rules } = buildApi(files, createReader({ defaultBinding: false }), new Problems());
  return { methods: services.flatMap(({ methods }) => methods), rules, registry };
}

/** Starts the emitted server of a case, all of its services, out of the project that `writeProject` wrote to `cache`. */
export async function startGoldenServer(cache: string, golden: GoldenCase): Promise<GoldenServer> {
  const handlers = new Map<string, (request: Message) => unknown>();
  const { methods } = goldenApi(golden);
  const services = await Promise.all(
    [...new Set(methods.map(({ desc }) => desc.parent))].map(async (service) => {
      const { [`create${service.name}`]: mount } = await import(
        `${join(cache, golden.name, service.file.name)}_server.ts`
      );
      const own = methods.filter(({ desc }) => desc.parent === service);
      return mount(
        Object.fromEntries(
          own.map((method) => [method.desc.localName, (r: Message) => handlers.get(methodName(method))?.(r)]),
        ),
      );
    }),
  );
  const { fetch, routes, match } = createServer({ services });
  const server = serve({
    fetch: (request: Request) => fetch(request),
    port: 0,
    hostname: "127.0.0.1",
    silent: true,
    gracefulShutdown: false,
  });
  await server.ready();
  const url = (server.url ?? "").replace(/\/$/, "");
  return { url, routes, match, handlers, close: () => server.close(true) };
}
