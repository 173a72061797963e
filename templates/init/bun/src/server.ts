import { server } from "./service.js";

const { url } = Bun.serve({ fetch: (request) => server.fetch(request), port: 3000 });
console.log(`Listening on ${url}`);
