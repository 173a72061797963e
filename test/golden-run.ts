/** What the tests that run goldens send and expect. */
import {
  create,
  createFileRegistry,
  type DescMessage,
  equals,
  type Message,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { type CodeGeneratorRequest, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { createServer } from "protoc-gen-sse/server";
import { type Server, serve } from "srvx";
import { expect } from "vitest";
import { createReader } from "../src/annotations/read.js";
import { buildApi } from "../src/model/build.js";
import type { Binding, Method, Service, Variable } from "../src/model/model.js";
import { Problems } from "../src/problems.js";
import { arbitraryMessage } from "./arbitrary-message.js";

/** The services of the files that are generated. */
export function servicesOf(request: CodeGeneratorRequest): readonly Service[] {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: request.protoFile }));
  const files = request.fileToGenerate.flatMap((file) => registry.getFile(file) ?? []);
  return buildApi(files, createReader({ defaultBinding: false }), new Problems()).services;
}

export type Handlers = Record<string, (request: Message) => unknown>;

/** A server of the service whose generated module is at `path`. It calls the handlers as they are at that time. */
export async function serveService(path: string, { desc, methods }: Service, handlers: Handlers): Promise<Server> {
  const { [`create${desc.name}`]: mount } = await import(path);
  for (const { desc } of methods) {
    handlers[desc.localName] = () => undefined;
  }
  const mounted = mount(
    Object.fromEntries(Object.keys(handlers).map((key) => [key, (r: Message) => handlers[key]?.(r)])),
  );
  const { fetch } = createServer({ services: [mounted] });
  const server = serve({
    fetch: (r: Request) => fetch(r),
    port: 0,
    hostname: "127.0.0.1",
    silent: true,
    gracefulShutdown: false,
  });
  await server.ready();
  return server;
}

export async function* stream(messages: readonly Message[]) {
  yield* messages;
}

export function expectEqual(desc: DescMessage, got: Message | undefined, want: Message | undefined): void {
  if (got !== undefined && want !== undefined && equals(desc, got as never, want as never)) {
    return;
  }
  const json = (message: Message | undefined) => (message === undefined ? undefined : toJson(desc, message as never));
  expect(json(got)).toEqual(json(want));
  expect(got).toEqual(want);
}

/** A message that the client can send: path variables hold what a URL can, and no message in the query is empty. */
export function arbitraryRequest({ desc, bindings }: Method): fc.Arbitrary<Message> {
  const [binding] = bindings;
  const texts = binding.variables.map((variable) => arbitraryVariable(variable, binding));
  return fc.tuple(arbitraryMessage(desc.input), fc.tuple(...texts)).map(([message, values]) => {
    const root = reflect(desc.input, message);
    if (binding.query !== undefined) {
      dropEmpty(root);
    }
    for (const { field, required } of binding.query?.fields ?? []) {
      if (!required || root.isSet(field)) {
        continue;
      }
      if (field.fieldKind === "list") {
        root.get(field).add(1);
      } else {
        root.set(field, root.get(field));
      }
    }
    binding.variables.forEach(({ fields }, i) => {
      const leaf = fields.at(-1);
      let target: ReflectMessage = root;
      for (const field of fields.slice(0, -1)) {
        if (field.fieldKind !== "message") {
          throw new Error("a path goes through messages");
        }
        if (!target.isSet(field)) {
          target.set(field, reflect(field.message));
        }
        target = target.get(field);
      }
      if (leaf !== undefined && values[i] !== undefined) {
        target.set(leaf, values[i]);
      }
      if (leaf?.oneof === undefined && leaf !== undefined && !target.isSet(leaf) && leaf.presence === 1) {
        target.set(leaf, target.get(leaf));
      }
    });
    return message;
  });
}

function arbitraryVariable({ fields }: Variable, { template, variables }: Binding): fc.Arbitrary<unknown> {
  const leaf = fields.at(-1);
  if (leaf?.fieldKind !== "scalar") {
    return fc.constant(undefined);
  }
  if (leaf.scalar === ScalarType.BYTES) {
    return fc.uint8Array({ minLength: 1, maxLength: 6 });
  }
  if (leaf.scalar !== ScalarType.STRING) {
    return fc.constant(undefined);
  }
  const at = variables.findIndex((v) => v.fields === fields);
  const { start = 0, end = 0 } = template.variables[at] ?? {};
  const segments = template.segments.slice(start, end).map((segment) => {
    if (segment.kind === "literal") {
      return fc.constant(segment.value);
    }
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 });
    return text.filter(
      (t) => !/^\.{1,2}$/.test(t) && (end - start === 1 && segment.kind === "any" ? true : !/[/%]/.test(t)),
    );
  });
  return fc.tuple(...segments).map((parts) => parts.join("/"));
}

function dropEmpty(message: ReflectMessage): void {
  for (const field of message.fields) {
    if (
      field.fieldKind !== "message" ||
      !message.isSet(field) ||
      field.message.typeName.startsWith("google.protobuf.")
    ) {
      continue;
    }
    const nested: ReflectMessage = message.get(field);
    dropEmpty(nested);
    if (Object.keys(toJson(nested.desc, nested.message) as object).length === 0) {
      message.clear(field);
    }
  }
}

/** A response the stream can carry: of a oneof of events, one with a member set and nothing after a terminal one. */
export function arbitraryAnswer({ desc, answer, bindings }: Method): fc.Arbitrary<Message> {
  const any = arbitraryMessage(desc.output);
  const body = bindings[0].responseBody;
  // Bytes have no form for "unset".
  if (body?.message?.typeName === "google.api.HttpBody") {
    return any.filter((m) => reflect(desc.output, m).isSet(body));
  }
  if (answer.kind === "unary") {
    return any;
  }
  const { events, id } = answer.stream;
  return any.filter((message) => {
    const reflected = reflect(desc.output, message);
    if (id !== undefined && /[\r\n\0]/.test(String(reflected.get(id)))) {
      return false;
    }
    if (events.kind === "message") {
      return true;
    }
    return events.members.some((member) => !member.terminal && reflected.isSet(member.field));
  });
}

/** What of an answer travels: a response body is one field of it. */
export function visible({ bindings, desc }: Method, message: Message | undefined): Message | undefined {
  const field = bindings[0].responseBody;
  if (field === undefined || message === undefined) {
    return message;
  }
  const from = reflect(desc.output, message);
  const to = reflect(desc.output);
  if (from.isSet(field)) {
    to.set(field, from.get(field));
  }
  return to.message;
}

/** A value for each header that the service's methods require. */
export function declaredHeaders({ methods }: Service): Record<string, string> {
  const value = { string: "x", integer: "1", number: "1.5", boolean: "true", array: "x,y" } as const;
  return Object.fromEntries(methods.flatMap(({ headers }) => headers.map((h) => [h.name, h.example ?? value[h.type]])));
}
