import { server } from "./service.js";

Deno.serve({ port: 3000 }, (request) => server.fetch(request));
