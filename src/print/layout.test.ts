import { expect, test } from "vitest";
import { layOut } from "./layout.js";

test("imports are sorted: packages first, then by path", () => {
  const content = `import type { QuoteSchema } from "./market_pb";
import { defineMethod } from "protoc-gen-sse/client";
import { Money } from "../../type/money_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Transport } from "../../sse/runtime/client";
import { defineService } from "../../sse/runtime/client";

import type { NotAnImport } from "text";`;
  expect(layOut(content)).toBe(`import type { MessageInitShape } from "@bufbuild/protobuf";
import { defineMethod } from "protoc-gen-sse/client";
import type { Transport } from "../../sse/runtime/client";
import { defineService } from "../../sse/runtime/client";
import { Money } from "../../type/money_pb";
import type { QuoteSchema } from "./market_pb";

import type { NotAnImport } from "text";`);
});

const long = "x".repeat(100);

test.each([
  [`import type { A, B as B$1 } from "./${long}_pb";`, `import type {\n  A,\n  B as B$1,\n} from "./${long}_pb";`],
  [
    `  get(request: Init<typeof A, B>, options?: ${long}): Promise<A> {`,
    `  get(\n    request: Init<typeof A, B>,\n    options?: ${long},\n  ): Promise<A> {`,
  ],
  [
    `export function create<C = unknown>(handlers: Partial<${long}<C>>): Service<C>;`,
    `export function create<C = unknown>(\n  handlers: Partial<${long}<C>>,\n): Service<C>;`,
  ],
  [
    `    return this.#transport.unary(${long}.#methods.get, request, options);`,
    `    return this.#transport.unary(\n      ${long}.#methods.get,\n      request,\n      options,\n    );`,
  ],
])("a line over 120 is wrapped: %s", (line, wrapped) => {
  expect(layOut(`\n${line}`)).toBe(`\n${wrapped}`);
});

test.each([
  ["a line of 120", `  get(request: ${"x".repeat(102)}) {`],
  ["a comment", `   * get(${long}, ${long})`],
  ["a string", `      path: "/v1/get(${long}, ${long})",`],
  ["what goes on in the next line", `    return defineService(${long}, handlers, {`],
])("%s stays as it is", (_, line) => {
  expect(layOut(`\n${line}`)).toBe(`\n${line}`);
});
