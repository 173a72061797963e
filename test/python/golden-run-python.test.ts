/** The Python goldens run: emitted clients, synchronous and asynchronous, call the emitted TypeScript servers over HTTP. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  createRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import fc from "fast-check";
import type { Server } from "srvx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messageNames, methodName } from "../../src/emit/python/names.js";
import { loadCase } from "../golden.js";
import { cacheFolder, writeProject } from "../golden-code.js";
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
} from "../golden-run.js";
import { type PythonProject, writePythonProjects } from "./golden-python.js";
import { describeWithPython, pythonCommand } from "./python.js";

const RUNS = 8;

describeWithPython("Python goldens", () => {
  const cases = ["unary", "bindings", "events", "resumable", "headers", "sse", "types"].map(loadCase);
  const servers = cacheFolder("golden-run-servers");
  let projects: PythonProject[];
  let python: Map<PythonProject, PythonProcess>;

  beforeAll(() => {
    writeProject(servers, cases);
    projects = writePythonProjects(cacheFolder("golden-run-python"), cases);
    python = new Map(projects.map((project) => [project, startPython(project.dir)]));
  });
  afterAll(() => python.forEach(({ child }) => void child.kill()));

  describe.each(cases.map(({ name, request }) => ({ name, request })))("$name", ({ name, request }) => {
    describe.each(servicesOf(request).map((service) => ({ service, title: service.desc.typeName })))(
      "$title",
      ({ service }) => {
        const handlers: Handlers = Object.create(null);
        let server: Server;
        beforeAll(async () => {
          server = await serveService(join(servers, name, `${service.desc.file.name}_server.ts`), service, handlers);
        });
        afterAll(() => server.close(true));

        test.each(service.methods.map((method) => ({ method, title: method.desc.name })))(
          "$title",
          async ({ method }) => {
            const project = projects.find(({ cases }) => cases.some((golden) => golden.name === name));
            const process = project && python.get(project);
            if (project === undefined || process === undefined) {
              throw new Error(`no project has ${name}`);
            }
            const { localName, input, output } = method.desc;
            const isStream = method.answer.kind === "stream";
            const registry = createRegistry(...service.desc.file.messages);
            const [prefix, names] =
              project.messages === "google" ? ["", messageNames.google] : ["gen.", messageNames["protobuf-py"]];
            const module = (desc: DescMessage["file"]) => `${prefix}${names.module(desc).join(".")}`;
            const library = names.libraryOf(input.file);
            const answers = fc.array(arbitraryAnswer(method), { minLength: 1, maxLength: 4 });
            await fc.assert(
              fc.asyncProperty(arbitraryRequest(method), answers, fc.boolean(), async (sent, answered, isAsync) => {
                // Python writes the largest float as 3.4028235e+38, which protobuf-es refuses as it is a little larger.
                const json = [sent, ...answered].map((m, i) =>
                  JSON.stringify(toJson(i === 0 ? input : output, m as never, { registry })),
                );
                fc.pre(!json.some((text) => text.includes("3.402823")));
                let received: Message | undefined;
                handlers[localName] = (message) => {
                  received = message;
                  return isStream ? stream(answered) : answered[0];
                };
                const got = await process.call({
                  client: `${module(service.desc.file)}_client:${service.desc.name}Client`,
                  method: methodName(method.desc),
                  message: `${library === undefined ? module(input.file) : `${library}.${names.module(input.file).at(-1)}`}${names.suffix}:${names.typeName(input)}`,
                  request: toJson(input, sent as never, { registry }),
                  baseUrl: server.url ?? "",
                  headers: declaredHeaders(service),
                  isStream,
                  isAsync,
                });
                expectEqual(input, rounded(input, received), rounded(input, sent));
                expect(got).toHaveLength(isStream ? answered.length : 1);
                got.forEach(
                  (json, i) =>
                    void expectEqual(
                      output,
                      rounded(output, fromJson(output, json, { registry })),
                      rounded(output, visible(method, answered[i])),
                    ),
                );
              }),
              { numRuns: RUNS },
            );
          },
        );
      },
    );
  });
});

/** The message with floats as 32 bits hold them: google.protobuf writes them to JSON with 8 digits. */
function rounded(desc: DescMessage, message: Message | undefined): Message | undefined {
  return message && fromBinary(desc, toBinary(desc, message as never));
}

interface PythonProcess {
  readonly child: ChildProcess;
  /** The messages that a call returns, as JSON. */
  call(call: JsonValue): Promise<JsonValue[]>;
}

/** A process that makes one call after the other. */
function startPython(dir: string): PythonProcess {
  const { command, env } = pythonCommand("python");
  const child = spawn(command, [join(import.meta.dirname, "run_golden.py")], {
    env: { ...env, PYTHONPATH: dir },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async call(call) {
      child.stdin.write(`${JSON.stringify(call)}\n`);
      const { value } = await lines.next();
      const { messages, error } = JSON.parse(value) as { messages?: JsonValue[]; error?: string }; // what run_golden.py prints
      if (messages === undefined) {
        throw new Error(error);
      }
      return messages;
    },
  };
}
