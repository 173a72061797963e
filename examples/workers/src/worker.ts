import { createAskService } from "../gen/ask/v1/ask_server.js";
import { createServer } from "../gen/sse/runtime/server.js";

/** The variables of wrangler.jsonc; `npx wrangler types` writes such an interface. */
interface Environment {
  readonly GREETING: string;
}

/** The part of the second argument of `waitUntil` that is used here. */
interface Execution {
  waitUntil(promise: Promise<unknown>): void;
}

interface Call {
  readonly environment: Environment;
  readonly execution: Execution;
}

const ask = createAskService<Call>({
  async *ask({ question }, { sleep, value: { environment, execution } }) {
    const { promise, resolve } = Promise.withResolvers<void>();
    // Workers stop a handler whose client has disconnected. With waitUntil, the code in `finally` runs.
    execution.waitUntil(promise);
    let words = 0;
    try {
      for (const text of `${environment.GREETING}: ${question}`.split(/(?<= )/)) {
        yield { event: { case: "delta", value: { text } } };
        words++;
        await sleep(50);
      }
      yield { event: { case: "done", value: { words } } };
    } finally {
      console.log(`${words} words sent`);
      resolve();
    }
  },
});

const server = createServer<Call>({ services: [ask] });

export default {
  fetch: (request: Request, environment: Environment, execution: Execution) =>
    server.fetch(request, { environment, execution }),
};
