/** Asks one of the APIs: `OPENAI_API_KEY=… node dist/src/ask.js openai "Why is the sky blue?"`. */
import { askAnthropic, askGemini, askOpenAi } from "./providers.js";

const { env, argv, stdout } = process;
const providers = {
  openai: { ask: askOpenAi, key: "OPENAI_API_KEY", url: "OPENAI_BASE_URL", model: "gpt-5-mini" },
  anthropic: { ask: askAnthropic, key: "ANTHROPIC_API_KEY", url: "ANTHROPIC_BASE_URL", model: "claude-haiku-4-5" },
  gemini: { ask: askGemini, key: "GEMINI_API_KEY", url: "GEMINI_BASE_URL", model: "gemini-2.5-flash" },
};

const [name = "", text = "Why is the sky blue?"] = argv.slice(2);
const provider = Object.entries(providers).find(([known]) => known === name)?.[1];
const apiKey = env[provider?.key ?? ""];
if (!provider || !apiKey) {
  console.error(
    `usage: ${provider?.key ?? "OPENAI_API_KEY"}=… node dist/src/ask.js openai|anthropic|gemini [question]`,
  );
  process.exit(2);
}

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort(new Error("interrupted")));
try {
  const usage = await provider.ask(
    { apiKey, baseUrl: env[provider.url] },
    {
      model: env["MODEL"] ?? provider.model,
      text,
      signal: interrupted.signal,
      onText: (text) => stdout.write(text),
    },
  );
  console.log(`\n${usage.input} + ${usage.output} tokens`);
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
