/** What every runtime serves: the emitted server of golden/resumable, with programs that behave, or do not. */
import { createLogService } from "logs/v1/logs_server";
import { Code, createServer, StatusError } from "protoc-gen-sse/server";

export const events = 100_000;
/** Of 4 KiB, and 64 KiB in all: gzip looks back 32, and makes half of them at best. */
const texts = Array.from({ length: 16 }, (_, index) => noise(index));
/** What a generator yields that yields nothing. */
const none = [];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What became of the handlers, by program; read by the test at `/state`. */
const state = {};

const programs = {
  async *quiet(_calls, context) {
    await context.sleep(3_600_000);
    yield* none;
  },
  async *ticking(calls) {
    // Deaf to the signal: only the next event finds out.
    for (; ; await pause(20)) {
      yield { cursor: String(++calls.asked) };
    }
  },
  async *flood(calls) {
    while (calls.asked < events) {
      yield { cursor: String(++calls.asked), text: texts[calls.asked % 16] };
    }
  },
  async *ends() {
    yield { cursor: "1" };
  },
  missing() {
    throw new StatusError(Code.NotFound, "no such program");
  },
  async *breaks() {
    yield { cursor: "1", text: "fine" };
    throw new StatusError(Code.DataLoss, "the disk is gone");
  },
  async *crashes() {
    yield { cursor: "1", text: "fine" };
    throw new Error("password 1234");
  },
};

/** The server, and beside it what the test asks of the process. */
export function createConformanceServer(options) {
  const server = createServer({
    ...options,
    services: [
      createLogService(
        {
          async *tailLog({ program }, context) {
            state[program] ??= { started: 0, ended: 0, asked: 0, reason: "" };
            const calls = state[program];
            calls.started++;
            let end;
            context.value?.waitUntil?.(new Promise((resolve) => (end = resolve)));
            try {
              yield* programs[program.replace(/-.*/, "")](calls, context);
            } finally {
              calls.ended++;
              calls.reason = context.signal.reason?.reason ?? "";
              end?.();
            }
          },
          async *watchAlerts(_request, context) {
            await context.sleep(3_600_000);
            yield* none;
          },
        },
        { unimplemented: "501" },
      ),
    ],
    onError: () => {},
  });
  return {
    async fetch(request, execution) {
      const { pathname } = new URL(request.url);
      if (pathname === "/state") {
        return Response.json(state);
      }
      if (pathname === "/drain") {
        await server.drain({ graceMs: 2000 });
        return Response.json({});
      }
      return server.fetch(request, execution);
    },
  };
}

/** Hexadecimal digits of a linear congruential generator. */
function noise(seed) {
  let state = seed;
  return Array.from({ length: 512 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state.toString(16).padStart(8, "0");
  }).join("");
}
