import { server } from "./server.js";

export default { fetch: (request) => server.fetch(request) };
