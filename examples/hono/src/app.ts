import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { logger } from "hono/logger";
import { type Caller, server } from "./chat.js";

export const app = new Hono<{ Variables: Caller }>();

app.use(logger());
app.get("/healthz", (c) => c.text("ok"));

// Any middleware can run before the service. This one accepts every user whose password is "secret".
app.use(
  "/v1/*",
  basicAuth({
    verifyUser: (_user, password) => password === "secret",
    onAuthSuccess: (c, user) => c.set("user", user),
  }),
);
app.all("/v1/*", (c) => server.fetch(c.req.raw, { user: c.get("user") }));
