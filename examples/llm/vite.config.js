import { defineConfig } from "vite";

/** The chat page. `npx vite` serves it while you work on it, beside `npm start`. */
export default defineConfig({
  root: "web",
  build: { outDir: "../dist/web", emptyOutDir: true },
  server: { proxy: { "/v1": "http://127.0.0.1:3000" } },
});
