import compression from "compression";
import express from "express";
import { toNodeHandler } from "srvx/node";
import { createConformanceServer } from "./service.js";

const app = express();
app.use(compression());
app.use(toNodeHandler(createConformanceServer({ heartbeatMs: 2000 }).fetch));
const server = app.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())));
