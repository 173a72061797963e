/** docs/protocol.md: each rule has a test that is there. Rules that no other test keeps have theirs here. */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { Code, StatusError } from "../templates/typescript/server.js";
import { startFrameServer } from "../templates/typescript/testing/frames.js";
import { openStream } from "../templates/typescript/testing/json-stream.js";
import { getStream, startMarketServer, watch } from "../templates/typescript/testing/market-server.js";
import { root } from "./golden.js";

const page = readFileSync(join(root, "docs/protocol.md"), "utf8");
const rules = Array.from(page.matchAll(/^<a id="(\w+)"><\/a>\*\*(\w+)\.\*\* /gm), ([, id = "", name = ""]) => ({
  id,
  name,
}));
const rows = Array.from(page.matchAll(/^\| \[(\w+)\]\(#(\w+)\) \| \[(.+?)\]\((.+?)\) \| (.+) \|$/gm), (match) => {
  const [, rule = "", id = "", label = "", link = "", name = ""] = match;
  return { rule, id, label, path: posix.join("docs", link), name };
});

describe("the table of tests", () => {
  test("has each rule, in the order of the page", () => {
    expect(rules.length).toBeGreaterThan(40);
    expect(rules.map(({ id }) => id)).toEqual(rules.map(({ name }) => name.toLowerCase()));
    expect([...new Set(rows.map(({ rule }) => rule))]).toEqual(rules.map(({ name }) => name));
    expect(rows.map(({ id }) => id)).toEqual(rows.map(({ rule }) => rule.toLowerCase()));
    expect(rows).toHaveLength(page.split("## Tests")[1]?.match(/^\| \[/gm)?.length ?? 0);
  });

  test.each(rows)("$rule: $label, $name", ({ path, name }) => {
    const source = readFileSync(join(root, path), "utf8");
    const literals = [JSON.stringify(name), `\`${name}\``];
    expect(literals.some((literal) => source.includes(literal))).toBe(true);
  });
});

test("the example is what the server sends", async () => {
  const [, head = "", body = ""] = /^HTTP\/1\.1 200 OK\n(.*?)\n\n(.*?)^```$/ms.exec(page) ?? [];
  let onHeartbeat = () => {};
  const heartbeat = new Promise<void>((resolve) => (onHeartbeat = resolve));
  const { url } = await startMarketServer(
    {
      async *watchTrades() {
        yield { sequence: 41n, symbol: "AAPL", price: 187.2 };
        await heartbeat;
        yield { sequence: 42n, symbol: "AAPL", price: 187.3 };
      },
    },
    { heartbeatMs: 35 },
  );
  const response = await fetch(url + watch, { headers: { Accept: "text/event-stream", "Last-Event-ID": "40" } });
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes("\n\n:\n")) {
      onHeartbeat();
    }
  }
  expect(text.replace("heartbeat=35", "heartbeat=15000").replace(/^(:\n)+/m, ":\n")).toBe(body);
  for (const line of head.split("\n")) {
    const [name = "", value] = line.split(": ");
    expect([name, response.headers.get(name)]).toEqual([name, value]);
  }
});

test("H3: a failure before the head is a Status that no cache keeps", async () => {
  const { url } = await startMarketServer({
    watchTrades() {
      throw new StatusError(Code.Unavailable, "the feed is down");
    },
  });
  const { response, text } = await getStream(url + watch);
  expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([
    503,
    "application/json",
    "no-store",
  ]);
  expect(JSON.parse(text)).toEqual({ code: 14, message: "the feed is down" });
});

test("O3: words that are not known are ignored", async () => {
  const server = await startFrameServer(({ end }) =>
    end(":sse/1 color=red end zip heartbeat=60000\ndata: 1\n\n:end\n"),
  );
  expect(await openStream(server.baseUrl).collect({ max: 9 })).toEqual([1]);
  const cut = await startFrameServer(({ end }) => end(":sse/1 color=red end zip\ndata: 1\n\n"));
  await expect(openStream(cut.baseUrl).collect({ max: 9 })).rejects.toMatchObject({ code: "truncated" });
});

test.each([": sse/1 end", ":sse/10 end", ":sse/2 end", ":SSE/1 end", ":sse/1end"])(
  "O4, V2: %j makes no promise",
  async (comment) => {
    const server = await startFrameServer(({ end }) => end(`${comment}\ndata: 1\n\n`));
    expect(await openStream(server.baseUrl).collect({ max: 9 })).toEqual([1]);
  },
);
