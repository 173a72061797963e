/** The clients against servers that speak the documented bytes, the assistant over one of them, and its page in Chromium. */
import { execFile, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { chromium } from "../../test/chromium.js";
import { compileText, runPlugin } from "../../test/compile-text.js";
import { waitFor } from "../../test/conformance/wait-for.js";
import { root, writeFiles } from "../../test/golden.js";
import { cacheFolder, typeCheck, writeTsconfig } from "../../test/golden-code.js";

// As a reader builds it: installed, generated, compiled, and the page bundled.
await promisify(execFile)("make", ["--silent", "-C", import.meta.dirname, "build"]);
const { createOpenAi, Answer } = await import("./dist/src/openai.js");
const { createAnthropic } = await import("./dist/src/anthropic.js");
const { createGemini } = await import("./dist/src/gemini.js");
const { askAnthropic, askGemini, askOpenAi, retryOpening } = await import("./dist/src/providers.js");
const { answerOpenAi } = await import("./dist/src/fake/openai.js");
const { answerAnthropic } = await import("./dist/src/fake/anthropic.js");
const { answerGemini } = await import("./dist/src/fake/gemini.js");
const { startFake } = await import("./dist/src/fake/server.js");
const { createAssistant } = await import("./dist/src/assistant.js");
const { startServer } = await import("./dist/src/server.js");
const { Code } = await import("./dist/gen/sse/runtime/client.js");
const { ErrorSchema: OpenAiErrorSchema } = await import("./dist/gen/openai/v1/chat_pb.js");
const { ErrorSchema: AnthropicErrorSchema } = await import("./dist/gen/anthropic/v1/messages_pb.js");
const { AssistantServiceClient } = await import("./dist/gen/assistant/v1/assistant_client.js");

type Answering = typeof import("./src/fake/openai.js").answerOpenAi;

/** Starts a fake API until the test ends, and what a client of it needs. */
async function start(answer: Answering, { apiKey = "test-key", base = "", delayMs = 0 } = {}) {
  const fake = await startFake(answer, delayMs);
  onTestFinished(() => fake.close());
  return { fake, api: { apiKey, baseUrl: fake.url + base } };
}

const providers = [
  { name: "OpenAI", ask: askOpenAi, answer: answerOpenAi, base: "/v1", usage: { input: 19, output: 10 } },
  { name: "Anthropic", ask: askAnthropic, answer: answerAnthropic, usage: { input: 25, output: 15 } },
  { name: "Gemini", ask: askGemini, answer: answerGemini, usage: { input: 11, output: 9 } },
];

describe.each(providers)("$name", ({ ask, answer, base, usage }) => {
  /** Asks, and returns the text with what the answer ended in. */
  async function answerTo(text: string, options: { apiKey?: string; signal?: AbortSignal; onText?: () => void } = {}) {
    const { fake, api } = await start(answer, { ...options, base });
    const texts: string[] = [];
    const onText = (piece: string) => {
      texts.push(piece);
      options.onText?.();
    };
    const end = await ask(api, { model: "m", text, onText, signal: options.signal }).catch((error: unknown) => error);
    return { text: texts.join(""), end, fake };
  }

  test("streams the text and counts the tokens", async () => {
    const { text, end } = await answerTo("Hello");
    expect(text).toMatch(/^(You said “Hello”\..* stop\.|Hello! How can I help you today\?)$/);
    expect(end).toEqual(usage);
  });

  test("a failure inside the answer is an error after its first words, and nothing is sent again", async () => {
    const { text, end, fake } = await answerTo("overloaded");
    expect(text).toMatch(/^(You|Hello!)$/);
    expect(end).toMatchObject({
      code: "status",
      phase: "body",
      status: 200,
      statusCode: Code.Unavailable,
      message: expect.stringMatching(/overloaded\.?$/i),
    });
    expect(fake.requests).toHaveLength(1);
  });

  test("a wrong key is an error before the answer", async () => {
    const { end } = await answerTo("Hello", { apiKey: "wrong" });
    expect(end).toMatchObject({ code: "status", phase: "open", message: expect.stringMatching(/key/i) });
  });

  test("aborting ends the answer at the API", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const options = { signal: controller.signal, onText: () => controller.abort(reason) };
    const { end, fake } = await answerTo("Tell me a story", options);
    expect(end).toBe(reason);
    await waitFor(() => fake.streams === 0, "the end of the stream");
  });
});

describe("OpenAI", () => {
  const hello = { model: "m", messages: [{ role: "user", content: "Hello" }], stream: true };

  test("gets requests with the names that it documents", async () => {
    const { fake, api } = await start(answerOpenAi, { base: "/v1" });
    const tools = [{ type: "function", function: { name: "f", description: "d", parameters: { type: "object" } } }];
    const request = { ...hello, tools, streamOptions: { includeUsage: true }, temperature: 0 };
    await createOpenAi(api).streamChatCompletion(request).collect({ max: 1 });
    expect(fake.requests[0]).toMatchObject({
      url: "/v1/chat/completions",
      headers: { authorization: "Bearer test-key", accept: "text/event-stream", "content-type": "application/json" },
    });
    const { streamOptions, ...names } = request;
    expect(fake.requests[0]?.body).toEqual({ ...names, stream_options: { include_usage: true } });
  });

  test("puts the call of a tool together from its parts", async () => {
    const { api } = await start(answerOpenAi, { base: "/v1" });
    const messages = [{ role: "user", content: "What is the time in Tokyo?" }];
    const answer = new Answer();
    const reasons: string[] = [];
    for await (const chunk of createOpenAi(api).streamChatCompletion({ ...hello, messages, tools: [{}] })) {
      answer.add(chunk);
      reasons.push(chunk.choices[0]?.finishReason ?? "");
    }
    expect(answer.calls).toEqual([
      { id: "call_Vb0LqGkGRRiGhZTOhVGZCGQM", name: "current_time", json: '{"time_zone":"Asia/Tokyo"}' },
    ]);
    expect(reasons.pop()).toBe("tool_calls");
  });

  test("an error has its type and code, also for what its HTTP status does not tell", async () => {
    const { api } = await start(answerOpenAi, { base: "/v1" });
    const messages = [{ role: "user", content: "quota" }];
    const error = await createOpenAi(api)
      .streamChatCompletion({ ...hello, messages })
      .next()
      .catch((error) => error);
    expect(error).toMatchObject({ status: 429, statusCode: Code.FailedPrecondition });
    expect(error.findDetails(OpenAiErrorSchema)).toMatchObject([
      { type: "insufficient_quota", code: "insufficient_quota" },
    ]);
  });

  test("an answer without `[DONE]` was cut", async () => {
    const { api } = await start(answerOpenAi, { base: "/v1" });
    const stream = createOpenAi(api).streamChatCompletion({ ...hello, messages: [{ role: "user", content: "cut" }] });
    await expect(stream.collect({ max: 100 })).rejects.toMatchObject({ code: "truncated" });
  });

  test("a request without `stream: true` is an error that shows the answer", async () => {
    const { api } = await start(answerOpenAi, { base: "/v1" });
    await expect(
      createOpenAi(api)
        .streamChatCompletion({ ...hello, stream: false })
        .next(),
    ).rejects.toMatchObject({
      code: "content_type",
      body: expect.stringContaining("Hello!"),
    });
  });
});

describe("Anthropic", () => {
  const ask = (text: string) => ({
    model: "m",
    maxTokens: 9,
    messages: [{ role: "user", content: [{ type: "text", text }] }],
    stream: true,
  });

  test("streams blocks of text and of tools; unknown events are skipped", async () => {
    const { fake, api } = await start(answerAnthropic);
    const unknown: string[] = [];
    const tools = [{ name: "get_weather", description: "d", inputSchema: { type: "object" } }];
    const options = { onUnknownEvent: ({ event }: { event: string }) => unknown.push(event) };
    const texts: string[] = [];
    const cases: (string | undefined)[] = [];
    for await (const { event } of createAnthropic(api).streamMessage({ ...ask("Hello"), tools }, options)) {
      cases.push(event.case);
      if (event.case === "contentBlockStart" || event.case === "contentBlockDelta") {
        const { index, contentBlock = {}, delta = {} } = event.value;
        const { type, thinking, text, partialJson, name } = { ...contentBlock, ...delta } as Record<string, string>;
        texts[index] = `${texts[index] ?? `${type}:${name}`}${thinking}${text}${partialJson}`;
      }
    }
    expect(texts).toEqual([
      "thinking:The user says hello.",
      "text:Hello! How can I help you today?",
      'tool_use:get_weather{"location": "San Francisco, CA"}',
    ]);
    expect([cases[0], ...cases.slice(-2)]).toEqual(["messageStart", "messageDelta", "messageStop"]);
    expect(unknown).toEqual(["ping", "message_annotation"]);
    expect(fake.requests[0]?.body).toEqual({
      model: "m",
      max_tokens: 9,
      messages: ask("Hello").messages,
      stream: true,
      tools: [{ name: "get_weather", description: "d", input_schema: { type: "object" } }],
    });
  });

  test("an answer without `message_stop` was cut", async () => {
    const { api } = await start(answerAnthropic);
    const stream = createAnthropic(api).streamMessage(ask("cut"));
    await expect(stream.collect({ max: 100 })).rejects.toMatchObject({ code: "truncated" });
  });

  test("an answer that did not begin is asked for again", async () => {
    const { fake, api } = await start(answerAnthropic);
    const reconnect = { ...retryOpening, initialDelayMs: 0 };
    const error = await createAnthropic(api)
      .streamMessage(ask("busy"), { reconnect })
      .next()
      .catch((error) => error);
    expect(fake.requests).toHaveLength(3);
    expect(error).toMatchObject({ code: "reconnect", cause: { status: 529, statusCode: Code.Unavailable } });
    expect(error.cause.findDetails(AnthropicErrorSchema)).toMatchObject([{ type: "overloaded_error" }]);
  });
});

describe("Gemini", () => {
  const ask = (value: string) => ({
    model: "models/m",
    contents: [{ parts: [{ data: { case: "text", value } as const }] }],
  });

  test("streams thoughts, text and calls of tools; unknown parts and reasons are left out", async () => {
    const { fake, api } = await start(answerGemini);
    const parts: unknown[] = [];
    const request = { ...ask("Hello"), tools: [{ functionDeclarations: [{ name: "get_weather" }] }] };
    for await (const { candidates } of createGemini(api).streamGenerateContent(request)) {
      for (const { data, thought } of candidates[0]?.content?.parts ?? []) {
        parts.push(thought ? "thought" : (data.case ?? "unknown"));
      }
    }
    expect(new Set(parts)).toEqual(new Set(["thought", "text", "functionCall", "unknown"]));
    expect(fake.requests[0]).toMatchObject({
      url: "/v1beta/models/m:streamGenerateContent?alt=sse",
      headers: { "x-goog-api-key": "test-key" },
      body: {
        contents: [{ parts: [{ text: "Hello" }] }],
        tools: [{ functionDeclarations: [{ name: "get_weather" }] }],
      },
    });
  });

  test("an error has the code that its body names, and its details", async () => {
    const { api } = await start(answerGemini);
    const error = await createGemini(api)
      .streamGenerateContent(ask("quota"))
      .next()
      .catch((error) => error);
    expect(error).toMatchObject({ statusCode: Code.ResourceExhausted, message: "You exceeded your current quota." });
    expect(error.findDetails("google.rpc.RetryInfo")).toMatchObject([{ retryDelay: "36s" }]);
  });
});

describe("the commands of the README", () => {
  /** Runs a script of the example, and returns what it prints up to the end of a line. */
  async function run(script: string, args: string[], env: Record<string, string> = {}): Promise<string> {
    const child = spawn(process.execPath, [join(import.meta.dirname, "dist/src", script), ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill());
    let output = "";
    for await (const chunk of child.stdout) {
      output += chunk;
      if (output.endsWith("\n") && output.trim()) {
        break;
      }
    }
    return output;
  }

  test.each(providers)("asks $name", async ({ name, answer, base, usage }) => {
    const { fake } = await start(answer);
    const upper = name.toUpperCase();
    const env = { [`${upper}_API_KEY`]: "test-key", [`${upper}_BASE_URL`]: fake.url + (base ?? ""), MODEL: "m" };
    const output = await run("ask.js", [name.toLowerCase(), "Hello"], env);
    expect(output).toMatch(new RegExp(`^(You said|Hello!).*\n${usage.input} \\+ ${usage.output} tokens\n$`));
  });

  test("starts the assistant with a fake model, and serves the page", async () => {
    const none = { OPENAI_API_KEY: "", OPENAI_BASE_URL: "" };
    const [, url] = /listens on (\S+)\/ and asks a fake model/.exec(await run("main.js", ["0"], none)) ?? [];
    expect(await (await fetch(`${url}`)).text()).toContain("<title>Assistant</title>");
    const chat = new AssistantServiceClient({ baseUrl: `${url}` }).chat({ messages: [{ role: 1, text: "Hello" }] });
    expect((await chat.next()).value).toMatchObject({ event: { case: "delta", value: { text: "You" } } });
    await chat.return();
  });
});

describe("docs/llm.md", () => {
  const text = readFileSync(join(root, "docs/llm.md"), "utf8");
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([all, language = "", code = ""], index) => {
    const line = text.slice(0, text.indexOf(all)).split("\n").length + 1;
    return { name: `llm.md-${line}-${index}`, language, code, line };
  });
  const of = (wanted: string) => blocks.filter(({ language }) => language === wanted);

  test("its protos generate clients", () => {
    expect(of("proto")).toHaveLength(2);
    for (const { name, code } of of("proto")) {
      expect(runPlugin(compileText({ [`${name}.proto`]: code }))).toMatchObject({ error: "", warnings: [] });
    }
  });

  test("its examples compile under the strictest flags", () => {
    const cache = cacheFolder("docs-llm");
    rmSync(cache, { recursive: true, force: true });
    writeFiles(
      cache,
      Object.fromEntries(of("ts").map(({ name, line, code }) => [`${name}.ts`, "\n".repeat(line - 1) + code])),
    );
    symlinkSync(join(import.meta.dirname, "gen"), join(cache, "gen"));
    writeTsconfig(cache, "tsconfig.json", { types: ["node"] }, ["*.ts"]);
    expect(typeCheck(cache, "tsconfig.json")).toBe("");
  });

  test("its configuration of buf is the example's", () => {
    for (const { code } of of("yaml")) {
      const [, name = ""] = /^# (\S+)\n/.exec(code) ?? [];
      const lines = readFileSync(join(import.meta.dirname, name), "utf8").split("\n");
      const own = code.split("\n").filter((line) => !line.startsWith("#") && !lines.includes(line));
      expect(own).toEqual(name === "buf.yaml" ? [] : ["    opt: [import_extension=js, emit=client]"]);
    }
  });
});

/** Starts the assistant over a fake model until the test ends, and counts its handlers. */
async function startAssistant(answer: Answering = answerOpenAi, options: { apiKey?: string; delayMs?: number } = {}) {
  const { fake, api } = await start(answer, { ...options, base: "/v1" });
  const assistant = createAssistant(createOpenAi(api), "m");
  const handlers = { started: 0, ended: 0 };
  const server = await startServer(
    {
      async *chat(request, context) {
        handlers.started++;
        try {
          yield* assistant.chat(request, context) as ReturnType<typeof assistant.chat> & AsyncIterable<object>;
        } finally {
          handlers.ended++;
        }
      },
    },
    0,
  );
  onTestFinished(() => server.close(true));
  return { fake, handlers, server, url: server.url ?? "" };
}

describe("the assistant", () => {
  const ask = (text: string) => ({ messages: [{ role: 1, text }] });

  test("answers with a tool, and sums the tokens of both requests", async () => {
    const { fake, url } = await startAssistant();
    const client = new AssistantServiceClient({ baseUrl: url });
    const events = await client.chat(ask("What is the time in Tokyo?")).collect({ max: 100 });
    const [call, result, ...rest] = events.map(({ event }) => event);
    expect(call).toMatchObject({
      case: "toolCall",
      value: { name: "current_time", arguments: '{"time_zone":"Asia/Tokyo"}' },
    });
    expect(result).toMatchObject({ case: "toolResult", value: { output: expect.stringMatching(/ at \d\d:\d\d$/) } });
    expect(rest.pop()).toMatchObject({ case: "done", value: { usage: { inputTokens: 38, outputTokens: 20 } } });
    expect(rest.map(({ value }) => (value as { text: string }).text).join("")).toBe(
      `It is ${result?.value.output} there.`,
    );
    expect(fake.requests).toHaveLength(2);
  });

  test("ends its handler, and the stream of the model, when the user leaves", async () => {
    const { fake, handlers, url } = await startAssistant();
    for await (const { event } of new AssistantServiceClient({ baseUrl: url }).chat(ask("Tell me a story"))) {
      if (event.case === "delta" && event.value.text.includes("2.")) {
        break;
      }
    }
    await waitFor(() => handlers.ended === 1 && fake.streams === 0, "the end of the handler");
  });

  test("tells the user that the model is busy, and nothing else of its errors", async () => {
    const busy = new AssistantServiceClient({ baseUrl: (await startAssistant()).url });
    await expect(busy.chat(ask("overloaded")).collect({ max: 100 })).rejects.toMatchObject({
      statusCode: Code.Unavailable,
      message: "The model is busy. Try again in a moment.",
    });
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => log.mockRestore());
    const broken = new AssistantServiceClient({
      baseUrl: (await startAssistant(answerOpenAi, { apiKey: "wrong" })).url,
    });
    await expect(broken.chat(ask("Hello")).next()).rejects.toMatchObject({ status: 500, message: "internal error" });
    expect(log.mock.calls).toMatchObject([[{ message: "Incorrect API key provided: wrong." }]]);
  });

  test("serves no file but those of its page", async () => {
    const { url } = await startAssistant();
    for (const path of ["/etc/passwd", "../src/main.js", "%2e%2e/src/main.js", "assets"]) {
      expect((await fetch(`${url}${path}`)).status).toBe(404);
    }
    expect((await fetch(url)).headers.get("content-type")).toBe("text/html; charset=utf-8");
  });
});

if (chromium === undefined) {
  console.warn("SKIPPED unless CI: the page, in Chromium. apt-get install chromium");
}

describe.skipIf(chromium === undefined && process.env["CI"] === undefined)("the page, in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await playwright.launch({
      executablePath: chromium ?? "chromium is not installed",
      args: ["--no-sandbox"],
    });
  });
  afterAll(() => browser.close());

  async function open(url: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 760, height: 820 } });
    onTestFinished(() => page.close());
    await page.goto(url);
    return page;
  }

  async function ask(page: Page, text: string): Promise<void> {
    await page.getByRole("textbox").fill(text);
    await page.getByRole("textbox").press("Enter");
  }

  test("streams an answer with a tool, and shows the tokens", async () => {
    const { url } = await startAssistant();
    const page = await open(url);
    await ask(page, "Hello");
    await page.getByText("19 tokens in, 10 out").waitFor();
    await ask(page, "What is the time in Tokyo?");
    const tool = page.locator("details.tool");
    await page.getByText("57 tokens in, 30 out").waitFor();
    await tool.locator("summary").click();
    expect(await tool.innerText()).toMatch(
      /current_time\s+\{"time_zone":"Asia\/Tokyo"\}\s+\w+, \d+ \w+ \d{4} at \d\d:\d\d$/,
    );
    expect(await page.locator(".assistant").last().innerText()).toMatch(/It is .* there\.$/);
    await ask(page, "overloaded");
    await page.getByRole("alert").waitFor();
    const folder = join(import.meta.dirname, "../../.cache/screenshots");
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, "llm-chat.png") });
  });

  test("stops an answer, whose handler ends, and goes on", async () => {
    const { fake, handlers, url } = await startAssistant();
    const page = await open(url);
    await ask(page, "Tell me a story");
    await page.getByText("Chapter 2").waitFor();
    expect([handlers, fake.streams]).toEqual([{ started: 1, ended: 0 }, 1]);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped").waitFor();
    await waitFor(() => handlers.ended === 1 && fake.streams === 0, "the end of the handler");
    await ask(page, "Hello");
    await page.getByText("You said “Hello”").waitFor();
  });

  test("shows a failure, and asks again", async () => {
    let isBusy = true;
    const { fake, url } = await startAssistant((request) => {
      const messages = [{ role: "user", content: isBusy ? "overloaded" : "Hello" }];
      isBusy = false;
      return answerOpenAi({ ...request, body: { ...(request.body as object), messages } });
    });
    const page = await open(url);
    await ask(page, "Hello");
    await page.getByRole("alert").getByText("The model is busy. Try again in a moment.").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("You said “Hello”").waitFor();
    expect(await page.locator("article").count()).toBe(2);
    expect(fake.requests).toHaveLength(2);
  });

  test("shows that the connection was lost", async () => {
    const { server, url } = await startAssistant(answerOpenAi, { delayMs: 5 });
    const page = await open(url);
    await ask(page, "Tell me a story");
    await page.getByText("Chapter 1").waitFor();
    await server.close(true);
    await page.getByRole("alert").getByText("The connection was lost.").waitFor();
  });
});
