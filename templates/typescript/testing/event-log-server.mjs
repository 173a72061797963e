// A server with a log of numbered events, to be killed: node event-log-server.mjs <port> <events>
// It goes on after `Last-Event-ID`, cuts its bytes anywhere, and prints its port when it listens.
import { createServer } from "node:http";

const [port, events] = process.argv.slice(2).map(Number);

const server = createServer(async (request, response) => {
  const first = Number(request.headers["last-event-id"] ?? 0) + 1;
  if (first > events) {
    return response.writeHead(204).end();
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const frames = Array.from(
    { length: events - first + 1 },
    (_, i) => `id: ${first + i}\ndata: {"sequence":"${first + i}"}\n\n`,
  );
  const body = Buffer.from(`:sse/1 heartbeat=15000 end\nretry: 5\n\n${frames.join("")}:end\n`);
  for (let at = 0; at < body.length && !response.destroyed; ) {
    const size = 1 + Math.floor(Math.random() * 300);
    response.write(body.subarray(at, at + size));
    at += size;
    // The events come over a while, as events do: a log that is all in the kernel's buffers cannot be cut.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  response.end();
});
server.listen(port, "127.0.0.1", () => console.log(server.address().port));
