import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { createConformanceServer } from "./service.js";

const { fetch } = createConformanceServer({ heartbeatMs: 2000 });
const app = new Hono().all("*", (c) => fetch(c.req.raw));
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, (info) => console.log(JSON.stringify(info)));
