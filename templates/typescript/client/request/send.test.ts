import { describe, expect, test, vi } from "vitest";
import { type CallOptions, type ClientOptions, RequestError, type StreamOptions } from "../../client.js";
import { json, startServer } from "../../testing/http-server.js";
import { MarketServiceClient } from "../../testing/market-client.js";
import { fetchResponse } from "./send.js";

/** The requests of a unary call and a stream that these options make. */
async function requests(options: Omit<ClientOptions, "baseUrl">, call: CallOptions = {}) {
  const { baseUrl, received } = await startServer(({ line }, response) => {
    if (line.includes(":watch")) {
      response.writeHead(200, { "content-type": "text/event-stream" }).end();
    } else {
      json(response, {});
    }
  });
  const client = new MarketServiceClient({ ...options, baseUrl });
  await client.getQuote({ symbol: "A" }, call);
  for await (const _ of client.watchTrades({ symbol: "A" }, { ...call, reconnect: false })) {
  }
  return received.map(({ headers }) => headers);
}

describe("baseUrl", () => {
  test.each([
    ["", "/v1/quotes/A"],
    ["/", "/v1/quotes/A"],
    ["/api", "/api/v1/quotes/A"],
    ["/api/v2//", "/api/v2/v1/quotes/A"],
  ])("ends in %j", async (end, path) => {
    const { baseUrl, received } = await startServer((_, response) => json(response, {}));
    await new MarketServiceClient({ baseUrl: baseUrl + end }).getQuote({ symbol: "A" });
    await new MarketServiceClient({ baseUrl: new URL(baseUrl + end) }).getQuote({ symbol: "A" });
    expect(received.map(({ line }) => line)).toEqual([`GET ${path}`, `GET ${path}`]);
  });

  test.each(["", "/api", "api.example.com", "http://user:secret@127.0.0.1"])(
    "%j is refused where there is no page",
    async (baseUrl) => {
      const client = new MarketServiceClient({ baseUrl });
      const error = await client.getQuote({ symbol: "A" }).catch((error) => error);
      expect(error).toBeInstanceOf(RequestError);
      expect(error.message).toContain("baseUrl");
      await expect(client.watchTrades({ symbol: "A" }).next()).rejects.toBeInstanceOf(RequestError);
    },
  );

  test("may be relative for a fetch that takes it", async () => {
    const fetch = vi.fn(async () => Response.json({}));
    await new MarketServiceClient({ baseUrl: "", fetch }).getQuote({ symbol: "A" });
    expect(fetch).toHaveBeenCalledWith("/v1/quotes/A", expect.anything());
  });
});

describe("headers", () => {
  test("of the call win over those of the client, whatever the case of their names", async () => {
    const [unary, stream] = await requests(
      { headers: { "X-One": "client", "x-two": "client", "X-Count": 1, "x-on": true, "x-none": undefined } },
      { headers: new Headers({ "x-ONE": "call", "x-three": "call" }) },
    );
    const want = { "x-one": "call", "x-two": "client", "x-three": "call", "x-count": "1", "x-on": "true" };
    expect(unary).toMatchObject(want);
    expect(stream).toMatchObject(want);
    expect(unary).not.toHaveProperty("x-none");
  });

  test("are made for every attempt by a function, which may take its time", async () => {
    let token = 0;
    const [unary, stream] = await requests({ headers: async () => [["authorization", `token ${++token}`]] });
    expect([unary?.authorization, stream?.authorization]).toEqual(["token 1", "token 2"]);
  });

  test("may give a name several values", async () => {
    const [unary] = await requests(
      {},
      {
        headers: [
          ["x-a", "1"],
          ["X-A", "2"],
        ],
      },
    );
    expect(unary).toMatchObject({ "x-a": "1, 2" });
  });

  test("reject the call with what their function threw", async () => {
    const reason = new Error("no token");
    const client = new MarketServiceClient({
      baseUrl: "http://127.0.0.1:1",
      headers: () => {
        throw reason;
      },
    });
    await expect(client.getQuote({ symbol: "A" })).rejects.toBe(reason);
    await expect(client.watchTrades({ symbol: "A" }).next()).rejects.toBe(reason);
  });

  test("of the protocol cannot be changed", async () => {
    const [unary, stream] = await requests({ headers: { accept: "text/html", "cache-control": "max-age=1" } });
    expect(unary?.accept).toBe("application/json");
    expect(stream?.accept).toBe("text/event-stream");
  });
});

describe("a stream's request", () => {
  test("asks for an event stream that no cache holds", async () => {
    const [, stream] = await requests({});
    expect(stream).toMatchObject({ accept: "text/event-stream", "cache-control": "no-cache" });
  });

  test("asks for JSON Lines", async () => {
    const options: StreamOptions = { format: "jsonl" };
    const [, stream] = await requests({}, options);
    expect(stream?.accept).toBe("application/jsonl; profile=sse-1");
  });

  test("carries the cursor as UTF-8", async () => {
    const options: StreamOptions = { lastEventId: "é41" };
    const [, stream] = await requests({}, options);
    expect(Buffer.from(String(stream?.["last-event-id"]), "latin1").toString()).toBe("é41");
  });
});

describe("fetch", () => {
  test("is called without a this", async () => {
    const seen: unknown[] = [];
    const original = globalThis.fetch;
    function fetch(this: unknown, url: string, init: RequestInit): Promise<Response> {
      seen.push(this);
      return original(url, init);
    }
    await requests({ fetch });
    vi.stubGlobal("fetch", fetch);
    await requests({}).finally(() => vi.unstubAllGlobals());
    expect(seen).toEqual([undefined, undefined, undefined, undefined]);
  });

  test("is the one of the call, else that of the client", async () => {
    const fetch = vi.fn(async () => Response.json({}));
    const other = vi.fn(async () => Response.json({}));
    const client = new MarketServiceClient({ baseUrl: "http://a", fetch });
    await client.getQuote({ symbol: "A" });
    await client.getQuote({ symbol: "A" }, { fetch: other });
    await client.getQuote({ symbol: "A" }, { fetch: undefined });
    expect([fetch.mock.calls.length, other.mock.calls.length]).toEqual([2, 1]);
  });

  test("gets credentials where they are set, and otherwise no such option", async () => {
    const inits: RequestInit[] = [];
    const fetch = async (_: string, init: RequestInit) => {
      inits.push(init);
      return Response.json({});
    };
    await new MarketServiceClient({ baseUrl: "http://a", fetch, credentials: "include" }).getQuote({ symbol: "A" });
    await new MarketServiceClient({ baseUrl: "http://a", fetch }).getQuote({ symbol: "A" });
    expect(inits[0]?.credentials).toBe("include");
    expect(inits[1]).not.toHaveProperty("credentials");
    expect(inits[1]).not.toHaveProperty("cache");
  });

  test.each([
    // As workerd did before the compatibility flag cache_option_enabled.
    new Error("The 'cache' field on 'RequestInitializerDict' is not implemented."),
    new TypeError("Unsupported cache mode: no-store"),
  ])("that refuses cache is called without it: %s", async (thrown) => {
    const caches: unknown[] = [];
    const [, stream] = await requests({
      fetch(url, init) {
        caches.push(init.cache);
        if (init.cache) {
          throw thrown;
        }
        return fetch(url, init);
      },
    });
    expect(caches).toEqual([undefined, "no-store", undefined]);
    expect(stream?.accept).toBe("text/event-stream");
  });

  test("that fails otherwise is not called again", async () => {
    const fetch = vi.fn(async () => {
      throw new TypeError("fetch failed");
    });
    const stream = new MarketServiceClient({ baseUrl: "http://a", fetch }).watchTrades(
      { symbol: "A" },
      { reconnect: false },
    );
    await expect(stream.next()).rejects.toMatchObject({ code: "network", message: "TypeError: fetch failed" });
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});

describe("an abort", () => {
  test("fails the fetch with the signal's reason, also where fetch says otherwise", async () => {
    const controller = new AbortController();
    const fails = async () => {
      controller.abort("enough");
      throw new TypeError("terminated");
    };
    const call = fetchResponse(fails, "http://a", { signal: controller.signal }, { phase: "open" });
    await expect(call).rejects.toBe("enough");
  });
});

describe("onResponse", () => {
  test("sees every response, errors included", async () => {
    const seen: number[] = [];
    const { baseUrl } = await startServer((_, response) => json(response, { code: 5 }, 404));
    const client = new MarketServiceClient({ baseUrl, onResponse: ({ status }) => seen.push(status) });
    await client.getQuote({ symbol: "A" }).catch(() => {});
    await client
      .watchTrades({ symbol: "A" })
      .next()
      .catch(() => {});
    expect(seen).toEqual([404, 404]);
  });

  test("that throws rejects the call with that", async () => {
    const reason = new Error("unexpected");
    const onResponse = () => {
      throw reason;
    };
    await expect(requests({}, { onResponse })).rejects.toBe(reason);
  });
});
