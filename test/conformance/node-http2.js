import { createServer } from "node:http2";
import { toNodeHandler } from "srvx/node";
import { createConformanceServer } from "./service.js";

const server = createServer(toNodeHandler(createConformanceServer({ heartbeatMs: 2000 }).fetch));
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())));
