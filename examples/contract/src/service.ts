import { Stream, type StreamParameters } from "./stream.js";

/** The optional features of the harness that the client has. */
const capabilities = [
  "bom",
  "comments",
  "headers",
  "last-event-id",
  "post",
  "read-timeout",
  "report",
  "restart",
  "server-directed-shutdown-request",
];

export interface ContractService {
  fetch(request: Request): Promise<Response>;
}

/**
 * A test service as LaunchDarkly's sse-contract-tests describe it: they create streams, get reports of what the client
 * reads of them, and delete them. `stop` is called when the service is to end.
 */
export function createContractService(stop: () => void): ContractService {
  const streams = new Map<string, Stream>();
  let count = 0;

  async function answer(request: Request): Promise<Response> {
    const { pathname, origin } = new URL(request.url);
    if (pathname === "/") {
      if (request.method === "GET") {
        return Response.json({ name: "protoc-gen-sse", capabilities });
      }
      if (request.method === "DELETE") {
        return end();
      }
      if (request.method !== "POST") {
        return new Response(undefined, { status: 405 });
      }
      const parameters = await readParameters(request);
      if (!parameters) {
        return new Response(undefined, { status: 400 });
      }
      const path = `/streams/${++count}`;
      streams.set(path, new Stream(parameters));
      return new Response(undefined, { status: 201, headers: { location: origin + path } });
    }
    const stream = streams.get(pathname);
    if (!stream) {
      return new Response(undefined, { status: 404 });
    }
    if (request.method === "DELETE") {
      streams.delete(pathname);
      await stream.close();
      return new Response(undefined, { status: 204 });
    }
    if (request.method !== "POST") {
      return new Response(undefined, { status: 405 });
    }
    if ((await readJson(request))?.["command"] !== "restart") {
      return new Response(undefined, { status: 400 });
    }
    await stream.restart();
    return new Response(undefined, { status: 202 });
  }

  async function end(): Promise<Response> {
    await Promise.all([...streams.values()].map((stream) => stream.close()));
    streams.clear();
    stop();
    return new Response(undefined, { status: 204 });
  }

  return { fetch: answer };
}

async function readParameters(request: Request): Promise<StreamParameters | undefined> {
  const json = await readJson(request);
  // The harness keeps to its own documentation; the rest would show in its tests.
  return URL.canParse(String(json?.["streamUrl"])) && URL.canParse(String(json?.["callbackUrl"]))
    ? (json as unknown as StreamParameters)
    : undefined;
}

async function readJson(request: Request): Promise<Record<string, unknown> | undefined> {
  const json: unknown = await request.json().catch(() => undefined);
  return typeof json === "object" && json !== null ? { ...json } : undefined;
}
