import { createJobService } from "../gen/jobs/v1/jobs_server";
import { createServer } from "../gen/sse/runtime/server";

const jobs = createJobService({
  async *watchJob(_request, { lastEventId, sleep }) {
    for (let percent = Number(lastEventId ?? 0) + 10; percent <= 100; percent += 10) {
      await sleep(100);
      yield { percent };
    }
  },
});

export const server = createServer({ services: [jobs] });
