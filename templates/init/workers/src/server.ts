import { server } from "./service.js";

export default {
  fetch: (request: Request) => server.fetch(request),
};
