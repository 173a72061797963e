/** Code that others generate from the documents of 3.1: it compiles, and its clients read our servers. */
import { type Message, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { Code, StatusError } from "protoc-gen-sse/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OpenApiObject } from "../../src/emit/openapi/objects.js";
import type { Method } from "../../src/model/model.js";
import { arbitraryMessage } from "../arbitrary-message.js";
import type { GoldenCase } from "../golden.js";
import { writeFiles } from "../golden.js";
import { cacheFolder, codeCases, writeProject } from "../golden-code.js";
import { answerContent, documentedOperations, documentedRequest, documentedValues } from "./documented-operations.js";
import { emitDocuments } from "./golden-documents.js";
import { type GoldenServer, goldenApi, methodName, startGoldenServer } from "./golden-server.js";
import { readEvents, readText } from "./read-events.js";
import { installTools, runTool, strict } from "./tools.js";

const cases = codeCases();
const cache = cacheFolder("openapi-clients");
const documents = new Map(cases.map((golden) => [golden.name, emit(golden)]));

function emit(golden: GoldenCase): string {
  const [text = ""] = Object.values(emitDocuments(golden, "openapi=3.1,openapi_output=merged,openapi_format=json"));
  return text;
}

/** What an author writes against both; an error that is expected and does not come is an error. */
const usage = `
import type { paths } from "./openapi-typescript/events";
import { assistantServiceAsk, type AssistantV1Delta, type AssistantV1Done } from "./hey-api/events";

type Data = paths["/v1/ask"]["post"]["responses"]["200"]["content"]["text/event-stream"];
type Question = NonNullable<paths["/v1/ask"]["post"]["requestBody"]>["content"]["application/json"];

export const question: Question = { question: "?", maxTokens: 3 };
export const delta: Data = { text: "a" };
// @ts-expect-error a delta is no list
export const wrong: Data = [];

export async function ask(): Promise<string> {
  let text = "";
  const { stream } = await assistantServiceAsk({ body: question });
  for await (const data of stream) {
    if (typeof data === "object" && "text" in data) text += data.text;
    const known: AssistantV1Delta | AssistantV1Done | string | number | object = data;
    void known;
  }
  // @ts-expect-error a question is a text
  await assistantServiceAsk({ body: { question: 1 } });
  return text;
}
`;

beforeAll(async () => {
  await installTools();
  writeProject(cache, cases);
  const names = [...documents.keys()];
  const apis = names.map((name) => [
    name,
    { root: `./documents/${name}.json`, "x-openapi-ts": { output: `./openapi-typescript/${name}.d.ts` } },
  ]);
  writeFiles(cache, {
    ...Object.fromEntries([...documents].map(([name, text]) => [`documents/${name}.json`, text])),
    "redocly.yaml": JSON.stringify({ apis: Object.fromEntries(apis) }),
    "tsconfig.json": JSON.stringify({
      compilerOptions: strict,
      include: ["hey-api", "openapi-typescript", "usage.ts"],
    }),
    "usage.ts": usage,
  });
  runTool("openapi-typescript", [], cache);
  const inputs = names.map((name) => `./documents/${name}.json`);
  const outputs = names.map((name) => `./hey-api/${name}`);
  runTool("openapi-ts", ["-i", ...inputs, "-o", ...outputs, "--no-log-file"], cache);
}, 600_000);

test("what openapi-typescript and hey-api make of every case compiles strictly, and so does what is written against it", () => {
  expect(runTool("tsc", ["-p", "."], cache)).toBe("");
});

/** A function of hey-api's SDK. */
type SdkFunction = (options: object) => Promise<{
  data?: unknown;
  error?: unknown;
  stream: AsyncIterable<unknown>;
}>;

describe.each(cases.map((golden) => [golden.name, golden] as const))("hey-api's client of %s", (name, golden) => {
  const document: OpenApiObject = JSON.parse(documents.get(name) ?? "");
  const { methods, registry } = goldenApi(golden);
  const callable = methods.flatMap((method) => {
    const [binding] = method.bindings;
    const operation = documentedOperations(document).find(
      (o) => o.method === binding.method && o.template === binding.template.text,
    );
    return operation === undefined ? [] : [[methodName(method), method, operation] as const];
  });
  const streams = callable.filter(([, { answer }]) => answer.kind === "stream");
  const unary = callable.filter(([, , operation]) => "application/json" in answerContent(operation));
  let server: GoldenServer;
  let sdk: Map<string, SdkFunction>;
  let client: unknown;

  beforeAll(async () => {
    server = await startGoldenServer(cache, golden);
    const { createClient } = await import(`${cache}/hey-api/${name}/client/index.ts`);
    const functions: Record<string, SdkFunction> = await import(`${cache}/hey-api/${name}/sdk.gen.ts`);
    client = createClient({ baseUrl: server.url });
    sdk = new Map(Object.entries(functions).map(([key, value]) => [simplify(key), value]));
  });
  afterAll(() => server.close());

  function call([, , documented]: (typeof callable)[number], options: object) {
    const { path, query, header, body } = documentedValues(document, documented);
    const run = sdk.get(simplify(documented.operation.operationId));
    if (run === undefined) {
      throw new Error(`the client has no ${documented.operation.operationId}`);
    }
    return run({ client, path, query, headers: header, ...(body && { body: body.value }), ...options });
  }

  test.runIf(streams.length > 0).each(streams)("reads the stream of %s", async (...entry) => {
    const [name, method, documented] = entry;
    const sent = samples(method, 5);
    server.handlers.set(name, () => source(sent));
    const events: unknown[] = [];
    const data: unknown[] = [];
    const { stream } = await call(entry, {
      sseMaxRetryAttempts: 1,
      onSseError: (error: unknown) => {
        throw error;
      },
      onSseEvent: (event: { data?: unknown; event?: string; id?: string }) => {
        if (event.data !== undefined) {
          events.push({ data: event.data, event: event.event, id: event.id });
        }
      },
    });
    for await (const item of stream) {
      data.push(item);
    }
    const written = await readEvents(documentedRequest(document, server.url, documented));
    expect(written).toHaveLength(sent.length + 1);
    const parsed = written.map((event) => parse(event.data));
    expect(data).toEqual(parsed);
    expect(data.at(-1)).toEqual({ code: Code.NotFound, message: "gone" });
    let id: unknown;
    expect(events).toEqual(
      written.map((event, i) => {
        id = event["id"] ?? id;
        return { data: parsed[i], event: event["event"], id };
      }),
    );
  });

  test.runIf(unary.length > 0).each(unary)("gets the answer of %s", async (...entry) => {
    const [name, method, documented] = entry;
    const [sent] = samples(method, 1);
    server.handlers.set(name, () => sent);
    const { data, error } = await call(entry, {});
    expect(error).toBeUndefined();
    expect(data).toEqual(JSON.parse(await readText(documentedRequest(document, server.url, documented))));
  });

  /** Messages that the method can answer with. */
  function samples({ desc, answer }: Method, count: number): Message[] {
    const written = (message: Message) => JSON.stringify(toJson(desc.output, message, { registry }));
    const messages = arbitraryMessage(desc.output).filter((message) => {
      if (/NaN|Infinity|\\[rn]|\\u0000/.test(written(message))) {
        return false;
      }
      if (answer.kind === "unary" || answer.stream.events.kind === "message") {
        return true;
      }
      return answer.stream.events.members.some(
        (m) => !m.terminal && written(message).includes(`"${m.field.jsonName}"`),
      );
    });
    return fc.sample(messages, { numRuns: count, seed: 1 });
  }
});

/** A stream that fails after its events. */
async function* source(messages: readonly Message[]) {
  yield* messages;
  throw new StatusError(Code.NotFound, "gone");
}

function simplify(name: string): string {
  return name.replaceAll(/[^a-z0-9]/gi, "").toLowerCase();
}

/** As hey-api has it: what is no JSON is a text. */
function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
