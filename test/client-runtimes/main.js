// Runs the cases with the clients of both kinds of messages.
import { MarketServiceClient as EsClient } from "es/market/v1/market_client";
import { handleEvents as handleMessages } from "es/sse/runtime/client";
import { MarketServiceClient as JsonClient } from "json/market/v1/market_client";
import { handleEvents as handleJson } from "json/sse/runtime/client-json";
import { runCases } from "./cases.js";

export async function run(baseUrl, name) {
  return {
    es: await runCases({ baseUrl, run: `${name}-es`, Client: EsClient, handleEvents: handleMessages }),
    json: await runCases({ baseUrl, run: `${name}-json`, Client: JsonClient, handleEvents: handleJson }),
  };
}

if (globalThis.document) {
  const { searchParams } = new URL(location.href);
  const results = await run(searchParams.get("server"), "chromium");
  await fetch("/results", { method: "POST", body: JSON.stringify(results) });
} else if (globalThis.process?.argv?.[2]) {
  // Nothing ends the process: a timer or a connection that is left keeps it.
  const [, , server, name] = process.argv;
  console.log(JSON.stringify(await run(server, name)));
}
