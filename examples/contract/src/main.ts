/** The service: `node dist/main.js [port]`. It ends when the harness says so. */
import { serve } from "srvx";
import { createContractService } from "./service.js";

const [port = "8000"] = process.argv.slice(2);

const service = createContractService(() => void server.close());
const server = serve({ fetch: service.fetch, port: Number(port), hostname: "127.0.0.1", silent: true });
await server.ready();
console.log(server.url);
