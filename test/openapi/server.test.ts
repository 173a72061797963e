/** The documents against the servers that run: the same routes, and the bytes of real streams as the schemas say. */
import { isFieldSet, type Message, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { Code, StatusError } from "protoc-gen-sse/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OpenApiObject } from "../../src/emit/openapi/objects.js";
import { createChecker } from "../../src/emit/openapi/testing/schema-checker.js";
import type { Method, Stream } from "../../src/model/model.js";
import { createIdReader, type IdReader } from "../../templates/typescript/server/stream/event-id.js";
import { cacheFolder, codeCases, writeProject } from "../golden-code.js";
import { answerContent, documentedOperations, documentedRequest } from "./documented-operations.js";
import { emitDocuments } from "./golden-documents.js";
import { type GoldenServer, goldenApi, methodName, startGoldenServer } from "./golden-server.js";
import { readEvents, readText, type WrittenEvent } from "./read-events.js";
import { arbitraryWritten, rulesOption } from "./written-message.js";

const RUNS = 20;
const cases = codeCases();
const cache = cacheFolder("openapi-server");
beforeAll(() => writeProject(cache, cases));

describe.each(cases.map((golden) => [golden.name, golden] as const))("the server of %s", (_, golden) => {
  const document = emit("3.2");
  const older = emit("3.1");
  const { methods, rules, registry } = goldenApi(golden);
  const streams = methods.flatMap((method) =>
    method.answer.kind === "stream" ? [[methodName(method), method, method.answer.stream] as const] : [],
  );
  let server: GoldenServer;
  beforeAll(async () => {
    server = await startGoldenServer(cache, golden);
  });
  afterAll(() => server.close());

  function emit(version: "3.1" | "3.2"): OpenApiObject {
    const options = `openapi=${version},openapi_output=merged,openapi_format=json,${rulesOption(golden)}`;
    const [text = ""] = Object.values(emitDocuments(golden, options));
    return JSON.parse(text);
  }

  test("has the documented routes, and no others", () => {
    const documented = documentedOperations(document);
    const list = (routes: readonly { method: string; template: string }[]) =>
      routes.map(({ method, template }) => `${method} ${template}`).sort();
    expect(list(documented)).toEqual(list(server.routes.map(({ verb, template }) => ({ method: verb, template }))));
    for (const operation of documented) {
      const request = documentedRequest(document, server.url, operation);
      expect([request.url, server.match(request)]).toEqual([request.url, true]);
    }
  });

  test.runIf(streams.length > 0).each(streams)(
    "%s writes events of the documented schema",
    async (name, method, stream) => {
      const operation = find(document, method);
      const { "text/event-stream": sse, "application/jsonl": jsonl } = answerContent(operation);
      const { "text/event-stream": data, "application/jsonl": jsonlOlder } = answerContent(find(older, method));
      const [check, checkOlder] = [createChecker(document), createChecker(older)];
      const messages = fc.array(arbitraryEvent(method, stream), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(messages, fc.boolean(), async (sent, fails) => {
          server.handlers.set(name, () => source(sent, fails));
          const events = await readEvents(documentedRequest(document, server.url, operation));
          const end = !fails && stream.terminalData !== undefined && !isTerminal(stream, sent.at(-1)) ? 1 : 0;
          expect(events).toHaveLength(sent.length + (fails ? 1 : 0) + end);
          for (const event of events) {
            expect({ event, errors: check(sse?.itemSchema ?? {}, event) }).toEqual({ event, errors: [] });
            const parsed = event.data === stream.terminalData ? event.data : JSON.parse(event.data);
            expect({ parsed, errors: checkOlder(data?.schema ?? {}, parsed) }).toEqual({ parsed, errors: [] });
            for (const wrong of spoil(event)) {
              expect({ wrong, isRefused: check(sse?.itemSchema ?? {}, wrong).length > 0 }).toEqual({
                wrong,
                isRefused: true,
              });
            }
          }
          const request = documentedRequest(document, server.url, operation);
          request.headers.set("Accept", "application/jsonl");
          const lines = (await readText(request)).trimEnd().split("\n");
          expect(lines).toHaveLength(sent.length + (fails ? 1 : 0));
          for (const line of lines.map((text) => JSON.parse(text))) {
            expect({ line, errors: check(jsonl?.itemSchema ?? {}, line) }).toEqual({ line, errors: [] });
            expect({ line, errors: checkOlder(jsonlOlder?.schema ?? {}, line) }).toEqual({ line, errors: [] });
          }
        }),
        { numRuns: RUNS },
      );
    },
  );

  function find(document: OpenApiObject, { desc, bindings }: Method) {
    const [{ method, template }] = bindings;
    const found = documentedOperations(document).find((o) => o.method === method && o.template === template.text);
    if (found === undefined) {
      throw new Error(`the document has no ${desc.name}`);
    }
    return found;
  }

  /** A message that the stream can carry and ProtoJSON can write without `NaN`. */
  function arbitraryEvent({ desc }: Method, { events, id, resumable }: Stream): fc.Arbitrary<Message> {
    const readId = id && createIdReader(id);
    return arbitraryWritten(desc.output, rules, "response").filter((message) => {
      const json = toJson(desc.output, message, { registry });
      if (/"(NaN|-?Infinity)"/.test(JSON.stringify(json))) {
        return false;
      }
      const found = readId && tryReading(readId, message);
      if (found === "refused" || (resumable && found === undefined)) {
        return false;
      }
      return events.kind === "message" || events.members.some((m) => !m.terminal && isFieldSet(message, m.field));
    });
  }
});

async function* source(messages: readonly Message[], fails: boolean) {
  yield* messages;
  if (fails) {
    throw new StatusError(Code.NotFound, "gone", { details: [{ "@type": "type.googleapis.com/x.Y", a: 1 }] });
  }
}

/** An event's id; undefined where it has none, and an event of a stream that can be resumed needs one. */
function tryReading(readId: IdReader, message: Message): string | undefined {
  try {
    return readId(message);
  } catch {
    return "refused"; // no `id:` line can hold it
  }
}

function isTerminal({ events }: Stream, message: Message | undefined): boolean {
  if (events.kind === "message" || message === undefined) {
    return false;
  }
  return events.members.some(({ field, terminal }) => terminal && isFieldSet(message, field));
}

/** Events that no server of ours writes. */
function spoil(event: WrittenEvent): object[] {
  const { data, ...rest } = event;
  return [
    rest,
    { ...event, data: `${data}"` },
    { ...event, data: JSON.parse('{"data":1}').data },
    { ...event, event: "no such event" },
    { ...event, retry: -1 },
    { ...event, event: 1 },
  ];
}
