import { describe, test } from "vitest";
import { createMemoryEventLog } from "../../server.js";
import { testEventLog } from "../../testing/event-log-suite.js";

describe("the event log in memory", () => {
  for (const { name, run } of testEventLog(createMemoryEventLog)) {
    test(name, run);
  }
});
