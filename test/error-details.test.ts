/** What a handler throws with details of google.rpc is found by the client, typed: as an HTTP error and as an error event. */
import { create, createFileRegistry, type Message } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { type Duration, durationFromMs, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect, expectTypeOf, test } from "vitest";
import { StatusError } from "../templates/typescript/client.js";
import { StatusError as JsonStatusError } from "../templates/typescript/client-json.js";
import * as server from "../templates/typescript/server.js";
import { MarketServiceClient } from "../templates/typescript/testing/market-client.js";
import { MarketServiceClient as JsonClient } from "../templates/typescript/testing/market-json-client.js";
import { startMarketServer } from "../templates/typescript/testing/market-server.js";
import { compileText } from "./compile-text.js";

type BadRequest = Message<"google.rpc.BadRequest"> & {
  fieldViolations: (Message<"google.rpc.BadRequest.FieldViolation"> & { field: string; description: string })[];
};
type RetryInfo = Message<"google.rpc.RetryInfo"> & { retryDelay?: Duration };

const { protoFile } = compileText({
  "google/rpc/error_details.proto": `
    syntax = "proto3";
    package google.rpc;
    import "google/protobuf/duration.proto";
    message RetryInfo {
      google.protobuf.Duration retry_delay = 1;
    }
    message BadRequest {
      message FieldViolation {
        string field = 1;
        string description = 2;
      }
      repeated FieldViolation field_violations = 1;
    }
  `,
});
const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: protoFile }));
// What protoc-gen-es generates of the same file is these descriptors, with these types.
const BadRequestSchema = registry.getMessage("google.rpc.BadRequest") as GenMessage<BadRequest>;
const RetryInfoSchema = registry.getMessage("google.rpc.RetryInfo") as GenMessage<RetryInfo>;

function startMarket(): Promise<{ url: string }> {
  const refuse = () => {
    const violations = [{ field: "symbol", description: "is not listed" }];
    throw new server.StatusError(server.Code.InvalidArgument, "bad symbol", {
      details: [
        { desc: BadRequestSchema, value: { fieldViolations: violations } },
        { desc: RetryInfoSchema, value: { retryDelay: durationFromMs(1_500) } },
      ],
    });
  };
  return startMarketServer({
    getQuote: refuse,
    async *ask() {
      yield { event: { case: "delta", value: { text: "a" } } };
      refuse();
    },
  });
}

test("details of google.rpc are typed", async () => {
  const { url: baseUrl } = await startMarket();
  const client = new MarketServiceClient({ baseUrl });
  const calls = {
    open: () => client.getQuote({ symbol: "A" }),
    body: () => client.ask({ question: "?" }).collect({ max: 9 }),
  };
  for (const [phase, call] of Object.entries(calls)) {
    const error: unknown = await call().catch((error: unknown) => error);
    if (!(error instanceof StatusError)) {
      throw error;
    }
    expect(error).toMatchObject({ statusCode: 3, message: "bad symbol", phase });
    const [badRequest] = error.findDetails(BadRequestSchema);
    expectTypeOf(badRequest).toEqualTypeOf<BadRequest | undefined>();
    expect(badRequest?.fieldViolations).toMatchObject([{ field: "symbol", description: "is not listed" }]);
    expect(error.findDetails(RetryInfoSchema)).toMatchObject([{ retryDelay: { seconds: 1n, nanos: 500_000_000 } }]);
  }
});

test("and are JSON for a client of JSON types", async () => {
  const { url: baseUrl } = await startMarket();
  const error: unknown = await new JsonClient({ baseUrl }).getQuote({ symbol: "A" }).catch((error: unknown) => error);
  if (!(error instanceof JsonStatusError)) {
    throw error;
  }
  expect(error.findDetails("google.rpc.BadRequest")).toMatchObject([
    { fieldViolations: [{ field: "symbol", description: "is not listed" }] },
  ]);
});
