"use client";

import { useEffect, useState } from "react";
import { JobServiceClient } from "../gen/jobs/v1/jobs_client";

const client = new JobServiceClient({ baseUrl: "/" });

/** The progress of a job, as the server reports it. */
export function Progress({ job }: { job: string }) {
  const [percent, setPercent] = useState(0);
  const [error, setError] = useState<string>();

  useEffect(() => {
    const controller = new AbortController();
    async function watch() {
      for await (const { percent = 0 } of client.watchJob({ job }, { signal: controller.signal })) {
        setPercent(percent);
      }
    }
    watch().catch((error: unknown) => {
      if (!controller.signal.aborted) {
        setError(String(error));
      }
    });
    return () => controller.abort(); // closes the connection
  }, [job]);

  return (
    <main>
      <progress max={100} value={percent} /> <output>{error ?? `${percent} %`}</output>
    </main>
  );
}
