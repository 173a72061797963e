import { expect, onTestFinished, test, vi } from "vitest";
import { createFlag } from "../../testing/flag.js";
import { startServer } from "../../testing/http-server.js";
import { readText } from "./read-response.js";

test("reads a body whole, and characters that chunks cut", async () => {
  const chunks = [Uint8Array.of(0xe2), Uint8Array.of(0x82, 0xac), new TextEncoder().encode("!")];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk) {
        controller.enqueue(chunk);
      } else {
        controller.close();
      }
    },
  });
  expect(await readText(new Response(body), 100)).toBe("€!");
});

test("reads nothing of a response without a body", async () => {
  expect(await readText(new Response(null), 100)).toBe("");
});

test("stops at the limit and lets go of the rest", async () => {
  const closed = createFlag();
  const { baseUrl } = await startServer((_, response) => {
    response.on("close", () => closed.raise());
    response.write("0123456789");
  });
  expect(await readText(await fetch(baseUrl), 4)).toBe("0123");
  await closed.raised;
});

test("gives what came before the connection broke", async () => {
  const { baseUrl } = await startServer((_, response) => {
    response.writeHead(500, { "content-length": 100 }).write("half");
    setImmediate(() => response.destroy());
  });
  expect(await readText(await fetch(baseUrl), 1000)).toMatch(/^(half)?$/);
});

test("waits five seconds for the end of a body, and leaves no timer", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("text")),
    cancel() {
      cancelled = true;
    },
  });
  const text = readText(new Response(body), 1000);
  await vi.advanceTimersByTimeAsync(4999);
  expect(cancelled).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(cancelled).toBe(true);
  expect(await text).toBe("text");
  await readText(new Response("short"), 1000);
  expect(vi.getTimerCount()).toBe(0);
});
