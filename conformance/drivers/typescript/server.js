// Serves ConformanceService on Node, with the adapter that docs/server.md recommends. The first argument is the port, the
// second the options as JSON. Prints its URL, and a line of JSON for each call whose handler has ended.
import { createServer as createHttp2Server } from "node:http2";
import { fromJson, isMessage, toJson } from "@bufbuild/protobuf";
import { ConformanceService, RequestSchema, StepSchema } from "es/conformance/v1/conformance_pb";
import { createConformanceService } from "es/conformance/v1/conformance_server";
import { createServer, StatusError } from "es/sse/runtime/server";
import { serve } from "srvx";
import { toNodeHandler } from "srvx/node";

const [port, json = "{}"] = process.argv.slice(2);
const { protocol = "http/1.1", validate = false, graceMs, slowConsumerMs, ...options } = JSON.parse(json);
const { commitWindowMs = 25 } = options;

const handlers = Object.values(ConformanceService.method).map((method) => {
  const isStream = ["Watch", "Ask", "Complete", "Report", "Converse"].includes(method.name);
  return [method.localName, isStream ? streamHandler(method) : unaryHandler(method)];
});

function streamHandler({ name, input, output }) {
  return async function* (request, context) {
    const line = { sent: 0 };
    try {
      yield* follow(request, context, output, line);
    } finally {
      print(name, input, request, context, line);
    }
  };
}

function unaryHandler({ name, input, output }) {
  return async (request, context) => {
    try {
      for await (const message of isMessage(request, RequestSchema) ? follow(request, context, output, {}) : []) {
        return message;
      }
      return {};
    } finally {
      print(name, input, request, context);
    }
  };
}

/** Does the steps of a request. */
async function* follow({ steps }, context, output, line) {
  for (const text of steps) {
    const { case: kind, value } = fromJson(StepSchema, JSON.parse(text)).step;
    if (kind === "send") {
      const message = fromJson(output, value.message);
      const event = value.id === undefined ? message : context.tracked(value.id, message);
      for (let times = Math.max(value.times, 1); times > 0; times--) {
        yield event;
        line.sent++;
      }
    } else if (kind === "sleep") {
      await context.sleep(value);
    } else if (kind === "header") {
      context.responseHeaders.set(value.name, value.value);
    } else if (kind === "fail") {
      throw new StatusError(value.code, value.message, { details: value.details });
    } else if (kind === "panic") {
      throw new Error(value);
    } else if (kind === "open") {
      await context.sleep(commitWindowMs + 500); // which began a little later than this
    } else {
      await context.sleep(2 ** 31 - 1);
    }
  }
}

function print(method, input, request, { request: { headers }, signal, lastEventId }, line) {
  const call = headers.get("conformance-call");
  const ended = signal.aborted ? signal.reason.reason : null;
  console.log(JSON.stringify({ call, method, request: toJson(input, request), lastEventId, ended, ...line }));
}

const validator = {
  validate: (_schema, { name }) =>
    name === "invalid"
      ? { kind: "invalid", violations: [{ message: "the name is invalid", ruleId: "name", field: [] }] }
      : { kind: "valid" },
};

const server = createServer({
  services: [createConformanceService(Object.fromEntries(handlers))],
  ...options,
  ...(validate && { validator }),
  ...(slowConsumerMs && { slowConsumer: "disconnect", slowConsumerMs }),
});

async function listenHttp1() {
  const http = serve({ fetch: server.fetch, port, hostname: "127.0.0.1", silent: true, gracefulShutdown: false });
  await http.ready();
  return { port: http.node.server.address().port, close: () => http.close() };
}

async function listenHttp2() {
  const http = createHttp2Server(toNodeHandler(server.fetch));
  const sessions = new Set();
  http.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  await new Promise((resolve) => http.listen(Number(port), "127.0.0.1", resolve));
  function close() {
    http.close();
    for (const session of sessions) {
      session.close();
    }
  }
  return { port: http.address().port, close };
}

const listener = await (protocol === "h2c" ? listenHttp2() : listenHttp1());
process.once("SIGTERM", async () => {
  await server.drain({ graceMs });
  await listener.close();
});
console.log(`http://127.0.0.1:${listener.port}`);
