import { expect, test } from "vitest";
import { defineMethod, Transport } from "../../client-json.js";
import { startServer } from "../../testing/http-server.js";
import { fromHttpBody, toHttpBody } from "./http-body.js";

test("passes bytes and content type through a client of JSON types", async () => {
  const { baseUrl, received } = await startServer(({ body, headers }, response) =>
    response.writeHead(200, { "content-type": headers["content-type"] }).end(Buffer.from(body, "latin1")),
  );
  const method = defineMethod<{ file: object }, object>("files.v1.Files.Put", {
    bindings: [
      {
        method: "POST",
        path: "/v1/file",
        body: { field: "file" },
        responseBody: "copy",
        rawBody: true,
        rawResponse: true,
      },
    ],
  });
  const file = { contentType: "text/csv", data: btoa("a,b\n\xff") };
  expect(await new Transport({ baseUrl }).unary(method, { file })).toEqual({ copy: file });
  expect(received).toMatchObject([{ headers: { "content-type": "text/csv", accept: "*/*" }, body: "a,b\n\xff" }]);
});

test.each(["+/+/", "-_-_", "+/-_"])("reads the base64 of %s", (data) => {
  expect(fromHttpBody({ data }).body).toEqual(Uint8Array.of(0xfb, 0xff, 0xbf));
});

test("refuses what is no base64", () => {
  expect(() => fromHttpBody({ data: "*" })).toThrow();
});

test.each([0, 1, 8191, 8192, 8193, 100_000])("writes %i bytes", (length) => {
  const bytes = Uint8Array.from({ length }, (_, index) => (index * 7) % 256);
  expect(toHttpBody("a/b", bytes)).toEqual({ contentType: "a/b", data: Buffer.from(bytes).toString("base64") });
});
