import { createCountdownService } from "./gen/countdown/v1/countdown_server.js";
import { createServer } from "./gen/sse/runtime/server.js";

const countdown = createCountdownService({
  async *watch({ from }, { lastEventId, sleep }) {
    const first = lastEventId === undefined ? from : Number(lastEventId) - 1;
    for (let remaining = first; remaining > 0; remaining--) {
      yield { remaining };
      await sleep(1000);
    }
  },
});

export const server = createServer({ services: [countdown] });
