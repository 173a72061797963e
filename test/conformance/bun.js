import { createConformanceServer } from "./service.js";

const { port } = Bun.serve({ fetch: createConformanceServer().fetch, port: 0, hostname: "127.0.0.1" });
console.log(JSON.stringify({ port }));
