/** The goldens run: every emitted client calls every method of the emitted server over real HTTP. */
import { join } from "node:path";
import { fromJson, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import type { Server } from "srvx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Method } from "../src/model/model.js";
import { cacheFolder, codeCases, writeProject } from "./golden-code.js";
import {
  arbitraryAnswer,
  arbitraryRequest,
  declaredHeaders,
  expectEqual,
  type Handlers,
  serveService,
  servicesOf,
  stream,
  visible,
} from "./golden-run.js";

const RUNS = 25;
const cases = codeCases();
const cache = cacheFolder("golden-run");
beforeAll(() => writeProject(cache, cases));

type Client = Record<string, (request: Message) => unknown>;

describe.each(cases.map(({ name, request }) => ({ name, request })))("$name", ({ name, request }) => {
  const isJson = request.parameter.includes("messages=json");
  const services = servicesOf(request);

  describe.each(services.map((service) => ({ service, title: service.desc.typeName })))("$title", ({ service }) => {
    const handlers: Handlers = Object.create(null); // a method may be named __proto__
    let server: Server;
    let client: Client;

    beforeAll(async () => {
      const file = join(cache, name, service.desc.file.name);
      const { [`${service.desc.name}Client`]: ServiceClient } = await import(`${file}_client.ts`);
      server = await serveService(`${file}_server.ts`, service, handlers);
      client = new ServiceClient({ baseUrl: server.url ?? "", headers: declaredHeaders(service) });
    });
    afterAll(() => server.close(true));

    test.each(service.methods.map((method) => ({ method, title: method.desc.name })))("$title", async ({ method }) => {
      const { localName, input, output } = method.desc;
      const answers = fc.array(arbitraryAnswer(method), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(arbitraryRequest(method), answers, async (sent, answered) => {
          let received: Message | undefined;
          handlers[localName] = (message) => {
            received = message;
            return method.answer.kind === "unary" ? answered[0] : stream(answered);
          };
          const got = isJson ? await callJson(client, method, sent) : await call(client, method, sent);
          expectEqual(input, received, sent);
          expect(got).toHaveLength(method.answer.kind === "unary" ? 1 : answered.length);
          got.forEach((message, i) => void expectEqual(output, message, visible(method, answered[i])));
        }),
        { numRuns: RUNS },
      );
    });
  });
});

async function call(client: Client, method: Method, request: Message): Promise<Message[]> {
  const answer = client[method.desc.localName]?.(request);
  if (method.answer.kind === "unary") {
    return [(await answer) as Message]; // as the generated type says
  }
  const messages: Message[] = [];
  for await (const message of answer as AsyncIterable<Message>) {
    messages.push(message);
  }
  return messages;
}

/** The client of messages=json speaks ProtoJSON. */
async function callJson(client: Client, { desc, ...method }: Method, request: Message): Promise<Message[]> {
  const toMessage = (answer: unknown) => fromJson(desc.output, answer as JsonValue); // as the generated type says
  const answer = client[desc.localName]?.(toJson(desc.input, request as never) as never);
  if (method.answer.kind === "unary") {
    return [toMessage(await answer)];
  }
  const messages: Message[] = [];
  for await (const message of answer as AsyncIterable<unknown>) {
    messages.push(toMessage(message));
  }
  return messages;
}
