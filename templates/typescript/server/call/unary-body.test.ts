import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { MarketService } from "../../../../test/gen/market/v1/market_pb.js";
import { Color, type Params, ParamsSchema } from "../../../../test/gen/vectors/v1/http_rule_pb.js";
import { createServer, type Init, type Service } from "../../server.js";
import type { HttpBinding } from "../../shared/method.js";
import { buildMessages } from "../../testing/build-message.js";
import { serve } from "../../testing/serve.js";

/** Gets the answer of a method with this output. */
async function answer(
  output: DescMessage,
  value: unknown,
  rule: Pick<HttpBinding, "responseBody" | "rawResponse">,
  accept = "*/*",
): Promise<Response> {
  const desc = { ...MarketService.method.getQuote, output };
  const binding = { method: "GET", path: "/a", ...rule };
  const service: Service = {
    desc: MarketService,
    methods: [{ desc, http: { bindings: [binding] }, handler: () => value }],
  };
  const { url } = await serve(createServer({ services: [service] }));
  return fetch(`${url}/a`, { headers: { Accept: accept } });
}

test.each<[string, Init<Params>, unknown]>([
  ["fString", { fString: "a" }, "a"],
  ["fString", {}, ""],
  ["fInt64", {}, "0"],
  ["fBool", {}, false],
  ["fColor", { fColor: Color.GREEN }, "GREEN"],
  ["fColor", {}, "COLOR_UNSPECIFIED"],
  ["rInt32", { rInt32: [1, 2] }, [1, 2]],
  ["rInt32", {}, []],
  ["mString", { mString: { a: "b" } }, { a: "b" }],
  ["mString", {}, {}],
  ["nested", { nested: { name: "n" } }, { name: "n" }],
  ["nested", {}, null],
  ["oString", {}, null],
  ["wInt64", { wInt64: 3n }, "3"],
  ["cString", { choice: { case: "cString", value: "c" } }, "c"],
  ["customJsonName", { renamed: "r" }, "r"],
])("response body %s of %o", async (field, value, expected) => {
  const response = await answer(ParamsSchema, value, { responseBody: field });
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual(expected);
});

const messages = buildMessages("google.api", {
  HttpBody: [
    { name: "content_type", type: "string", jsonName: "contentType" },
    { name: "data", type: "bytes" },
  ],
  Download: [
    { name: "name", type: "string" },
    { name: "file", type: ".google.api.HttpBody" },
  ],
});

test("a google.api.HttpBody is itself, whatever is accepted", async () => {
  const data = new Uint8Array([0, 1, 255]);
  const image: MessageInitShape<DescMessage> = { contentType: "image/png", data };
  for (const response of [
    await answer(messages("HttpBody"), image, { rawResponse: true }, "image/*"),
    await answer(
      messages("Download"),
      { name: "a", file: image },
      { responseBody: "file", rawResponse: true },
      "image/*",
    ),
  ]) {
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "image/png"]);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(data);
  }
  const bare: Message = create(messages("HttpBody"));
  const response = await answer(messages("HttpBody"), bare, { rawResponse: true });
  expect([response.headers.get("content-type"), await response.text()]).toEqual(["application/octet-stream", ""]);
});
