/** The server: the assistant under /v1, and the chat page. */
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { type Server, serve } from "srvx";
import { type AssistantServiceHandlers, createAssistantService } from "../gen/assistant/v1/assistant_server.js";
import { createServer } from "../gen/sse/runtime/server.js";

/** What Vite builds, beside what `tsc` makes of this file. */
const page = new URL("../web/", import.meta.url);
const files = new Set(await readdir(page, { recursive: true }));
const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** Starts the server. Port 0 is any free port. */
export async function startServer(handlers: AssistantServiceHandlers, port: number): Promise<Server> {
  const assistant = createServer({
    services: [createAssistantService(handlers)],
    onError: (error) => console.error(error),
  });
  const server = serve({
    fetch: (request) => (assistant.match(request) ? assistant.fetch(request) : servePage(request)),
    port,
    hostname: "127.0.0.1",
    silent: true,
  });
  return server.ready();
}

async function servePage(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.slice(1) || "index.html";
  const type = types[extname(path)];
  if (!type || !files.has(path)) {
    return new Response("not found", { status: 404 });
  }
  return new Response(await readFile(new URL(path, page)), { headers: { "content-type": `${type}; charset=utf-8` } });
}
