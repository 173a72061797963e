/**
 * Starts the assistant: `node dist/src/main.js [port]`. It uses OpenAI if there is an `OPENAI_API_KEY`, or the server at
 * `OPENAI_BASE_URL` that is compatible with it; without both, a fake model on this machine.
 */
import { createAssistant } from "./assistant.js";
import { answerOpenAi } from "./fake/openai.js";
import { startFake } from "./fake/server.js";
import { createOpenAi } from "./openai.js";
import { startServer } from "./server.js";

const { OPENAI_API_KEY, OPENAI_BASE_URL, MODEL } = process.env;
const isReal = OPENAI_API_KEY || OPENAI_BASE_URL;
const api = isReal
  ? { apiKey: OPENAI_API_KEY ?? "", baseUrl: OPENAI_BASE_URL }
  : { apiKey: "test-key", baseUrl: `${(await startFake(answerOpenAi, 40)).url}/v1` };
const assistant = createAssistant(createOpenAi(api), MODEL ?? (isReal ? "gpt-5-mini" : "fake"));
const server = await startServer(assistant, Number(process.argv[2] ?? 3000));
console.log(`The assistant listens on ${server.url} and asks ${isReal ? (api.baseUrl ?? "OpenAI") : "a fake model"}.`);
