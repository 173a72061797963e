import { describe, expect, test } from "vitest";
import { type CorsOptions, createServer } from "../../server.js";
import { createMarketService } from "../../testing/market-service.js";
import { serve } from "../../testing/serve.js";

const app = "https://app.example.com";

function create(cors?: CorsOptions) {
  const service = createMarketService(
    {
      getQuote(_request, { responseHeaders }) {
        responseHeaders.set("Vary", "Accept");
        return {};
      },
      async *watchTrades() {
        yield { sequence: 1n };
      },
    },
    { unimplemented: "501" },
  );
  return createServer({ services: [service], cors });
}

async function send(cors: CorsOptions | undefined, method: string, path: string, headers: Record<string, string>) {
  const { url } = await serve(create(cors));
  const response = await fetch(url + path, { method, headers });
  await response.text();
  const shown = [...response.headers].filter(([name]) => /^(access-control-|vary$|allow$)/.test(name));
  return { status: response.status, ...Object.fromEntries(shown) };
}

/** fetch of Node does not let a caller set the headers of a preflight; in a browser neither. Its server gets them all the same. */
const preflight = (origin: string, method = "GET", headers?: string) => ({
  Origin: origin,
  "Access-Control-Request-Method": method,
  ...(headers && { "Access-Control-Request-Headers": headers }),
});

describe("off", () => {
  test("nothing is said", async () => {
    expect(await send(undefined, "GET", "/v1/quotes/A", { Origin: app })).toEqual({ status: 200, vary: "Accept" });
    expect(await send(undefined, "OPTIONS", "/v1/quotes/A", preflight(app))).toEqual({
      status: 405,
      allow: "GET, HEAD",
    });
  });
});

describe("a list of origins", () => {
  const cors: CorsOptions = { origins: [app], credentials: true, exposedHeaders: ["X-Request-Id"] };
  const allowed = {
    "access-control-allow-origin": app,
    "access-control-allow-credentials": "true",
  };

  test("an answer to one of them", async () => {
    const exposed = { ...allowed, "access-control-expose-headers": "Retry-After, X-Request-Id" };
    expect(await send(cors, "GET", "/v1/quotes/A", { Origin: app })).toEqual({
      status: 200,
      vary: "Accept, Origin",
      ...exposed,
    });
    expect(await send(cors, "GET", "/v1/trades/A:watch", { Origin: app })).toEqual({
      status: 200,
      vary: "Accept, Origin",
      ...exposed,
    });
    expect(await send(cors, "GET", "/v1/nothing", { Origin: app })).toEqual({
      status: 404,
      vary: "Origin",
      ...exposed,
    });
  });

  test("a preflight", async () => {
    expect(await send(cors, "OPTIONS", "/v1/ask", preflight(app, "POST", "content-type,x-key"))).toEqual({
      status: 204,
      vary: "Origin, Access-Control-Request-Headers",
      ...allowed,
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "content-type,x-key",
      "access-control-max-age": "600",
    });
    expect(
      await send(
        { ...cors, allowedHeaders: ["X-Key"], maxAgeSeconds: 5 },
        "OPTIONS",
        "/v1/ask",
        preflight(app, "POST"),
      ),
    ).toMatchObject({
      "access-control-allow-headers": "X-Key",
      "access-control-max-age": "5",
    });
  });

  test("another origin gets no CORS headers, but caches get Vary", async () => {
    expect(await send(cors, "GET", "/v1/quotes/A", { Origin: "https://evil.example" })).toEqual({
      status: 200,
      vary: "Accept, Origin",
    });
    expect(await send(cors, "GET", "/v1/quotes/A", {})).toEqual({ status: 200, vary: "Accept, Origin" });
    expect(await send(cors, "OPTIONS", "/v1/ask", preflight("https://evil.example", "POST"))).toEqual({
      status: 204,
      vary: "Origin",
    });
  });

  test("a preflight of a path that nobody has, and a request that is none", async () => {
    expect(await send(cors, "OPTIONS", "/v1/nothing", preflight(app))).toMatchObject({ status: 404 });
    expect(await send(cors, "OPTIONS", "/v1/ask", { Origin: app })).toMatchObject({ status: 405, allow: "POST" });
  });
});

test("all origins", async () => {
  expect(await send({ origins: "*" }, "GET", "/v1/quotes/A", { Origin: app })).toEqual({
    status: 200,
    vary: "Accept",
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Retry-After",
  });
});

test("a function that decides", async () => {
  const cors: CorsOptions = { origins: (origin) => origin.endsWith(".example.com") };
  expect(await send(cors, "GET", "/v1/quotes/A", { Origin: app })).toEqual({
    status: 200,
    vary: "Accept, Origin",
    "access-control-allow-origin": app,
    "access-control-expose-headers": "Retry-After",
  });
});

test("the server matches its preflights", () => {
  const request = (headers: Record<string, string>) => {
    // A Request refuses the headers that only a browser sets; a server's has them.
    const made = new Request("http://localhost/v1/ask", { method: "OPTIONS" });
    for (const [name, value] of Object.entries(headers)) {
      made.headers.set(name, value);
    }
    return made;
  };
  expect(create({ origins: "*" }).match(request(preflight(app)))).toBe(true);
  expect(create().match(request(preflight(app)))).toBe(false);
});

test("options that every browser would ignore throw", () => {
  expect(() => create({ origins: "*", credentials: true })).toThrow("list the origins");
  expect(() => create({ origins: ["https://app.example.com/"] })).toThrow("https://app.example.com/");
  expect(() => create({ origins: ["app.example.com"] })).toThrow("scheme, host and port");
});
