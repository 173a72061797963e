/** The examples of docs/go.md compile, and its test passes. */
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compileText } from "../compile-text.js";
import { root, writeFiles } from "../golden.js";
import { cacheFolder } from "../golden-code.js";
import { describeWithGo, runGo, writeGoCode } from "./go.js";

/** The packages that examples use, by their names. */
const packages: Readonly<Record<string, string>> = {
  atomic: "sync/atomic",
  chi: "github.com/go-chi/chi/v5",
  context: "context",
  echo: "github.com/labstack/echo/v4",
  errors: "errors",
  fmt: "fmt",
  http: "net/http",
  httptest: "net/http/httptest",
  log: "log",
  marketv1: "example.com/docs/market/v1",
  marketv1sse: "example.com/docs/market/v1/marketv1sse",
  otelhttp: "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp",
  eventlogtest: "example.com/docs/sse/eventlogtest",
  proto: "google.golang.org/protobuf/proto",
  protovalidate: "buf.build/go/protovalidate",
  redis: "github.com/redis/go-redis/v9",
  redislog: "example.com/docs/sse/redislog",
  sse: "example.com/docs/sse",
  testing: "testing",
  time: "time",
};

const used = (code: string) => Object.entries(packages).filter(([name]) => new RegExp(`\\b${name}\\.[A-Z]`).test(code));

describeWithGo("docs/go.md", () => {
  test("its examples compile, and its test passes", () => {
    const cache = cacheFolder("docs-go");
    const alerts = readFileSync(join(root, "examples/market/proto/market/v1/alerts.proto"), "utf8");
    const market = readFileSync(join(root, "test/proto/market/v1/market.proto"), "utf8");
    const request = compileText({ "market/v1/market.proto": market, "market/v1/alerts.proto": alerts });
    writeGoCode(cache, "example.com/docs", request, ["event_log=redis+test"]);
    const text = readFileSync(join(root, "docs/go.md"), "utf8");
    const blocks = [...text.matchAll(/^```go\n(.*?)^```$/gms)].map(([, code = ""]) => code);
    expect(blocks.length).toBeGreaterThan(10);
    const examples = Object.fromEntries(
      blocks.map((code, index) => {
        const imports = used(code).map(([name, path]) => `${name} "${path}"\n`);
        const isTest = code.includes("testing.");
        return [
          `example${index}${isTest ? "_test" : ""}.go`,
          `package main\n\nimport (\n${imports.join("")})\n\n${code}`,
        ];
      }),
    );
    // What the examples leave to the reader.
    const feed = `package main

import (
	"context"
	marketv1 "example.com/docs/market/v1"
)

func feed(ctx context.Context, symbol, after string) <-chan *marketv1.Trade { return nil }
`;
    rmSync(join(cache, "main"), { recursive: true, force: true }); // of an earlier run, numbered differently
    writeFiles(join(cache, "main"), { ...examples, "feed.go": feed });
    cpSync(join(import.meta.dirname, "docs"), cache, { recursive: true });
    expect(runGo(["vet", "./main"], cache)).toBe("");
    expect(runGo(["test", "./main"], cache)).toContain("ok");
  }, 600_000);
});
