import { serve } from "@hono/node-server";
import { app } from "./app.js";
import { server } from "./chat.js";

const http = serve({ fetch: app.fetch, port: Number(process.env["PORT"] ?? 3000) }, ({ port }) => {
  console.log(`http://localhost:${port}`);
});

process.once("SIGTERM", async () => {
  await server.drain({ graceMs: 10_000 });
  http.close();
});
