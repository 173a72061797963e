import { describe, expect, test } from "vitest";
import { compileText, protoText, runPlugin } from "../../../test/compile-text.js";

/** The generated file, without its header and imports. */
function generate(kind: "client" | "server", methods: string, { messages = MESSAGES, options = "" } = {}): string {
  const parameter = `target=ts,runtime=runtime,emit=${kind}${options}`;
  const { error, files } = runPlugin(compileText({ "t.proto": protoText(methods, messages) }, parameter));
  expect(error).toBe("");
  return files.get(`t_${kind}.ts`) ?? "";
}

const MESSAGES = "message Ask { string id = 1; string q = 2; } message Answer { string text = 1; }";
const GET = 'rpc GetIt(Ask) returns (Answer) { option (sse.v1.http) = {get: "/v1/{id}"}; }';
const WATCH = 'rpc Watch(Ask) returns (stream Answer) { option (sse.v1.http) = {get: "/v1/{id}:watch"}; }';

/** The lines from the one that starts so, to the next that ends the block. */
function block(text: string, start: string): string {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.trimStart().startsWith(start));
  const indent = /^ */.exec(lines[from] ?? "")?.[0] ?? "";
  const to = lines.findIndex((line, i) => i > from && line.startsWith(`${indent}}`));
  return lines
    .slice(from, to + 1)
    .map((line) => line.slice(indent.length))
    .join("\n");
}

describe("a client", () => {
  test("has a method for each rpc, with its docs, its signature and one statement", () => {
    const text = generate("client", `// Gets it.\n//\n// Twice.\n${GET}`);
    expect(block(text, "getIt(")).toBe(
      [
        "getIt(request: MessageInitShape<typeof AskSchema>, options?: CallOptions): Promise<Answer> {",
        "  return callUnary(this.#options, SClient.#methods.getIt, request, options);",
        "}",
      ].join("\n"),
    );
    expect(text).toMatch(/\/\*\*\n {3}\* Gets it\.\n {3}\*\n {3}\* Twice\.\n {3}\*\n {3}\* `GET \/v1\/\{id\}`/);
  });

  test("has a table of how HTTP carries the method, without what is the default", () => {
    const text = generate("client", GET);
    expect(block(text, "static readonly #methods")).toBe(
      [
        "static readonly #methods = {",
        '  getIt: /* @__PURE__ */ defineMethod(S, "getIt", {',
        '    bindings: [{ method: "GET", path: "/v1/{id}", variables: [{ field: ["id"] }] }],',
        "  }),",
        "};",
      ].join("\n"),
    );
  });

  test("returns an event stream for a stream, and imports only what it uses", () => {
    const text = generate("client", WATCH);
    expect(block(text, "watch(")).toContain("options?: StreamOptions): EventStream<Answer> {");
    expect(text).toContain('import { callStream, defineMethod } from "runtime/client";');
    expect(text).not.toContain("callUnary");
  });

  test("uses JSON types with messages=json, and no schema", () => {
    const text = generate("client", GET, { options: ",messages=json" });
    expect(block(text, "getIt(")).toContain("getIt(request: AskJson, options?: CallOptions): Promise<AnswerJson> {");
    expect(text).toContain('defineMethod<AskJson, AnswerJson>("t.S.GetIt", {');
    expect(text).not.toContain("@bufbuild/protobuf");
    expect(text).toContain("json_types=true");
  });

  test("has a type for the headers of a method, where it has some", () => {
    const header =
      'option (sse.v1.header) = {name: "X-Key" required: true}; option (sse.v1.header) = {name: "X-N" type: "integer"};';
    const text = generate("client", GET.replace("{ option", `{ ${header} option`));
    expect(text).toContain("options?: WithHeaders<CallOptions, SGetItHeaders>");
    expect(block(text, "export type SGetItHeaders")).toBe(
      [
        "export type SGetItHeaders = {",
        "  /**",
        "   * Required.",
        "   */",
        '  readonly "X-Key"?: string | undefined;',
        '  readonly "X-N"?: number | undefined;',
        "};",
      ].join("\n"),
    );
    expect(generate("client", GET)).not.toContain("Headers");
  });
});

describe("a server", () => {
  test("has an interface of handlers", () => {
    expect(block(generate("server", GET + WATCH), "export interface SHandlers")).toBe(
      [
        "export interface SHandlers<C = unknown> {",
        "  /**",
        "   * `GET /v1/{id}`",
        "   *",
        "   * @generated from rpc t.S.GetIt",
        "   */",
        "  getIt(",
        "    request: Ask,",
        "    context: UnaryContext<C>,",
        "  ): Awaitable<MessageInitShape<typeof AnswerSchema>>;",
        "",
        "  /**",
        "   * `GET /v1/{id}:watch` · server-sent events",
        "   *",
        "   * @generated from rpc t.S.Watch",
        "   */",
        "  watch(",
        "    request: Ask,",
        "    context: StreamContext<C>,",
        "  ): Awaitable<StreamSource<Answer>>;",
        "}",
      ].join("\n"),
    );
  });

  test("has a function that takes all handlers, or some with unimplemented: 501", () => {
    const text = generate("server", GET);
    expect(text).toContain("export function createS<C = unknown>(handlers: SHandlers<C>): Service<C>;");
    expect(text).toContain('options: { unimplemented: "501" }');
    expect(text).toContain("return defineService(S, handlers, {");
  });
});

describe("names", () => {
  test("of messages that hide a global, or a name of generated code, do not clash", () => {
    const rpc = 'rpc Get(Promise) returns (C) { option (sse.v1.http) = {get: "/v1"}; }';
    const messages = "message Promise {} message C {}";
    expect(generate("client", rpc, { messages })).toContain("): globalThis.Promise<C> {");
    expect(generate("server", rpc, { messages })).toContain("export interface SHandlers<C_ = unknown> {");
  });

  test("of methods that are keywords are properties, and those with other characters keep their case", () => {
    const rpc = 'rpc Delete(Ask) returns (Answer) { option (sse.v1.http) = {delete: "/v1"}; }';
    expect(generate("client", rpc)).toContain(
      "return callUnary(this.#options, SClient.#methods.delete, request, options);",
    );
  });
});

test("comments cannot end the docs early, and deprecation is marked", () => {
  const rpc = `// Ends */ here.\n${GET.replace("{ option", "{ option deprecated = true; option")}`;
  const text = generate("client", rpc);
  expect(text).toContain("Ends *\\/ here.");
  expect(text).toContain("@deprecated");
});
