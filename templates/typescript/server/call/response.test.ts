import { describe, expect, test, vi } from "vitest";
import { Code, StatusError } from "../../server.js";
import { startMarketServer, watch } from "../../testing/market-server.js";
import { rawRequest } from "../../testing/raw-client.js";

const injected = "a\r\nSet-Cookie: stolen=1";

describe("a line break", () => {
  test.each<[string, (headers: Headers) => never]>([
    [
      "in a header of the answer",
      (headers) => {
        headers.set("X-Name", injected);
        throw new Error("not reached");
      },
    ],
    [
      "in a header of an error",
      () => {
        throw new StatusError(Code.NotFound, "no", { headers: { "X-Name": injected } });
      },
    ],
  ])("%s is refused, and masked", async (_name, answer) => {
    const onError = vi.fn();
    const { port } = await startMarketServer(
      {
        getQuote: (_request, { responseHeaders }) => answer(responseHeaders),
        watchTrades: (_request, { responseHeaders }) => answer(responseHeaders),
      },
      { onError },
    );
    for (const path of ["/v1/quotes/A", watch]) {
      const exchange = rawRequest(port, [`GET ${path} HTTP/1.1`, "Connection: close"]);
      await exchange.closed;
      expect(exchange.text()).toMatch(/^HTTP\/1\.1 500 /);
      expect(exchange.text()).not.toContain("stolen");
    }
    expect(onError).toHaveBeenCalledTimes(2);
  });

  test("in the message of an error stays within its JSON, before the head and after it", async () => {
    const message = `no\r\n\r\ndata: {}\u2028${injected}`;
    const { port } = await startMarketServer({
      async *watchTrades({ symbol }) {
        if (symbol === "LATE") {
          yield { sequence: 1n };
        }
        throw new StatusError(Code.NotFound, message);
      },
    });
    for (const path of [watch, "/v1/trades/LATE:watch"]) {
      const exchange = rawRequest(port, [`GET ${path} HTTP/1.1`, "Connection: close"]);
      await exchange.closed;
      expect(exchange.text()).toContain(JSON.stringify({ code: 5, message }));
      expect(exchange.text()).not.toMatch(/^Set-Cookie/m);
    }
  });
});
