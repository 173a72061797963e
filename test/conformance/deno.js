import { createConformanceServer } from "./service.js";

Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(JSON.stringify({ port })) },
  createConformanceServer({ heartbeatMs: 2000 }).fetch,
);
