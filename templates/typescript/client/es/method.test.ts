import { buildPath } from "@bufbuild/protobuf/reflect";
import { describe, expect, test } from "vitest";
import { GetQuoteRequestSchema, TradeSchema } from "../../../../test/gen/market/v1/market_pb.js";
import { DecodeError, RequestError, type ValidationResult, type Validator } from "../../client.js";
import { json, startServer } from "../../testing/http-server.js";
import { MarketServiceClient } from "../../testing/market-client.js";

/** A rule for a field of one message, in the manner of protovalidate. */
function ruleOf(typeName: string, holds: (message: object) => boolean, result: ValidationResult): Validator {
  return {
    validate: (schema, message) => (schema.typeName !== typeName || holds(message) ? { kind: "valid" } : result),
  };
}

function invalid(schema: typeof GetQuoteRequestSchema | typeof TradeSchema, name: string): ValidationResult {
  const field = schema.fields.find((field) => field.name === name);
  if (!field) {
    throw new Error(`no field ${name}`);
  }
  const path = buildPath(schema).field(field).toPath();
  return { kind: "invalid", violations: [{ field: path, message: "must be more", ruleId: "test.more" }] };
}

async function serveTrades() {
  return startServer(({ line }, response) => {
    if (line.includes("quotes")) {
      return json(response, { symbol: "A", price: -1 });
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end('data: {"size":1}\n\nid: 7\ndata: {"size":-1}\n\ndata: {"size":2}\n\n');
  });
}

describe("the validator", () => {
  test("refuses a request before it is sent", async () => {
    const { baseUrl, received } = await serveTrades();
    const result = invalid(GetQuoteRequestSchema, "symbol");
    const validator = ruleOf("market.v1.GetQuoteRequest", () => false, result);
    const error = await new MarketServiceClient({ baseUrl, validator })
      .getQuote({ symbol: "A" })
      .catch((error) => error);
    expect(error).toBeInstanceOf(RequestError);
    expect(error.message).toBe('market.v1.GetQuoteRequest breaks its rules: "symbol" must be more');
    expect(error.violations).toMatchObject([{ ruleId: "test.more" }]);
    expect(received).toEqual([]);
  });

  test("refuses a response", async () => {
    const { baseUrl } = await serveTrades();
    const result: ValidationResult = {
      kind: "invalid",
      violations: [{ field: [], message: "", ruleId: "quote.price" }],
    };
    const validator = ruleOf("market.v1.Quote", () => false, result);
    const error = await new MarketServiceClient({ baseUrl, validator })
      .getQuote({ symbol: "A" })
      .catch((error) => error);
    expect(error).toBeInstanceOf(DecodeError);
    expect(error).toMatchObject({
      message: 'cannot read the response: market.v1.Quote breaks its rules: "" quote.price',
      violations: [{ ruleId: "quote.price" }],
      path: undefined,
      data: '{"symbol":"A","price":-1}',
    });
  });

  test("refuses an event", async () => {
    const { baseUrl } = await serveTrades();
    const validator = ruleOf(
      "market.v1.Trade",
      (trade) => !("size" in trade) || Number(trade.size) > 0,
      invalid(TradeSchema, "size"),
    );
    const client = new MarketServiceClient({ baseUrl, validator, reconnect: false });
    const stream = client.watchTrades({ symbol: "A" });
    await stream.next();
    await expect(stream.next()).rejects.toMatchObject({ code: "decode", path: "size", id: "7", violations: [{}] });
    const left = await client.watchTrades({ symbol: "A" }, { invalidEvents: "skip" }).collect({ max: 9 });
    expect(left.map(({ size }) => size)).toEqual([1, 2]);
  });

  test("whose rules cannot run reports it", async () => {
    const { baseUrl } = await serveTrades();
    const cause = new Error("no such function");
    const validator = ruleOf("market.v1.Trade", () => false, { kind: "error", error: cause });
    const error = await new MarketServiceClient({ baseUrl, validator })
      .watchTrades({ symbol: "A" })
      .next()
      .catch((error) => error);
    expect(error.message).toContain("the rules of market.v1.Trade cannot be run: Error: no such function");
    expect(error.cause.cause).toBe(cause);
  });
});
