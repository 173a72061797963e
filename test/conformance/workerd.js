import { createConformanceServer } from "./service.js";

const server = createConformanceServer();
// The third argument lets a handler finish what it does when its client has gone.
export default { fetch: (request, _environment, execution) => server.fetch(request, execution) };
