/** Every example of docs/server.md compiles under the strictest flags, and every set-up runs where its runtime is there. */
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { metrics, propagation, SpanStatusCode, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { disconnect, exchange } from "./conformance/exchange.js";
import { waitFor } from "./conformance/wait-for.js";
import { blocks, bundle, missing, setUps, start, text, writeExamples } from "./docs-server.js";
import { root } from "./golden.js";
import { typeCheck } from "./golden-code.js";

let cache: string;

beforeAll(() => {
  cache = writeExamples("docs-server");
});

test("every example compiles", () => {
  expect(blocks.length).toBeGreaterThan(15);
  expect(typeCheck(cache, "tsconfig.json")).toBe("");
});

test("the table of options names every one", () => {
  const interfaces = [
    ["server-options", "ServerOptions"],
    ["hooks", "HookOptions"],
  ].map(([file, name]) => {
    const declared = readFileSync(join(root, `templates/typescript/server/call/${file}.ts`), "utf8");
    return declared.slice(declared.indexOf(`export interface ${name}`));
  });
  const names = [...interfaces.join("").matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(15);
  for (const name of names) {
    expect(text).toMatch(new RegExp(`^\\|[^|]*\`${name}\``, "m"));
  }
});

describe.each(setUps.map((setUp) => [setUp.file, setUp] as const))("the set-up of %s", (_file, setUp) => {
  test.skipIf(missing(setUp))("answers a call, streams, and serves what stands beside it", async () => {
    const { address, stop } = await start(cache, setUp);
    onTestFinished(() => void stop());
    const quote = await exchange(address, "/v1/quotes/AAPL");
    await waitFor(() => quote.ended() === "end", "a quote");
    expect(JSON.parse(quote.text())).toEqual({ symbol: "AAPL", price: 187.2 });

    const answer = await exchange(address, "/v1/ask", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ question: "how are you" }),
    });
    expect(answer.headers["content-type"]).toBe("text/event-stream");
    await waitFor(() => answer.ended() === "end", "the end of an answer");
    expect(answer.events()).toBe(4);
    expect(answer.text()).toMatch(/^:sse\/1 .*event: done\ndata: \{"deltas":3\}\n\n:end\n$/s);

    if (setUp.other !== undefined) {
      const other = await exchange(address, setUp.other);
      await waitFor(() => other.ended() === "end", "what stands beside");
      expect([other.status, other.text()]).toEqual([200, "ok"]);
    }
    if (setUp.protocol === "h2") {
      disconnect(address.port ?? 0);
    }
  });
});

const bun = setUps.filter(({ command }) => command === "bun");
test.skipIf(bun.some(missing)).each(bun)("Bun answers a request of HTTP/1.0, which has no host", async (setUp) => {
  const { address, stop } = await start(cache, setUp);
  onTestFinished(() => void stop());
  const socket = connect(address.port ?? 0, "127.0.0.1");
  let received = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    received += chunk;
  });
  const ended = new Promise((resolve) => socket.on("close", resolve));
  socket.write("GET /v1/quotes/AAPL HTTP/1.0\r\n\r\n");
  await ended;
  expect(received).toMatch(/^HTTP\/1\.[01] 200 /);
  expect(received).toContain('{"symbol":"AAPL","price":187.2}');
});

test("the recipe of OpenTelemetry gives each call a span and its measurements", async () => {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 2 ** 31 - 1 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  onTestFinished(() => {
    for (const api of [trace, propagation, metrics]) {
      api.disable();
    }
    return reader.shutdown();
  });
  await bundle(cache, "telemetry.ts");
  const { server } = await import(pathToFileURL(join(cache, "dist/telemetry.js")).href);
  const parent = "4bf92f3577b34da6a3ce929d0e0e4736";
  const call = async (path: string, init: RequestInit = {}) => {
    await (await server.fetch(new Request(`http://localhost${path}`, init))).text();
  };
  await call("/v1/quotes/AAPL", { headers: { traceparent: `00-${parent}-00f067aa0ba902b7-01` } });
  await call("/v1/quotes/MSFT");
  await call("/v1/nothing");
  const body = JSON.stringify({ question: "how are you" });
  await call("/v1/ask", { method: "POST", headers: { "content-type": "application/json" }, body });

  const spans = exporter.getFinishedSpans();
  expect(
    spans.map(({ name, status, attributes }) => [name, status.code, attributes["http.response.status_code"]]),
  ).toEqual([
    ["market.v1.MarketService/GetQuote", SpanStatusCode.UNSET, 200],
    ["market.v1.MarketService/GetQuote", SpanStatusCode.ERROR, 404],
    ["GET", SpanStatusCode.ERROR, 404],
    ["market.v1.MarketService/Ask", SpanStatusCode.UNSET, 200],
  ]);
  expect(spans[0]?.spanContext().traceId).toBe(parent);
  expect(spans[3]?.attributes).toMatchObject({ "rpc.method": "Ask", "rpc.code": 0, "call.reason": "end" });

  await reader.forceFlush();
  const measured = metricExporter.getMetrics()[0]?.scopeMetrics[0]?.metrics ?? [];
  const values = measured.map(({ descriptor, dataPoints }) => [
    descriptor.name,
    dataPoints.map(({ value }) => (typeof value === "object" ? value.count : value)),
  ]);
  expect(Object.fromEntries(values)).toEqual({
    "http.server.active_requests": [0, 0, 0],
    "http.server.request.duration": [1, 1, 1, 1],
    "stream.first_event.duration": [1],
    "stream.events": [4],
  });
});
