import { defineConfig, type ProxyOptions } from "vite";

const proxy: ProxyOptions = {
  /** The server, while you work on the page: `npm run server`. */
  target: process.env["MARKET_URL"] ?? "http://127.0.0.1:3000",
  // If the server goes away, Vite keeps its response to the browser open. The stream would notice only at its idle timeout.
  configure: (server) =>
    server.on("proxyRes", (upstream, _request, response) =>
      upstream.on("close", () => upstream.complete || response.destroy()),
    ),
};

export default defineConfig({
  server: { proxy: { "/v1": proxy, "/docs": proxy, "/openapi": proxy } },
  build: { outDir: "../dist/web", emptyOutDir: true },
});
