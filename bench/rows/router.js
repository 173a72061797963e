// @ts-check
/**
 * The CPU time of matching one request, on a server with 500 routes: literals, variables, `**` and `:verb` suffixes.
 *
 * All requests go to one router of ours. Two rounds warm up.
 */
import { cpuOfSync } from "../measure.js";
import { load } from "../runtime.js";

const TIMES = 300_000;
const { createRouter } = await load(`export * from "./templates/typescript/server/request/router.ts"`);

const templates = Array.from({ length: 100 }, (_, i) => [
  `/v1/things${i}`,
  `/v1/things${i}/{id}`,
  `/v1/things${i}/{id}/parts/{part}`,
  `/v1/{name=projects/*/things${i}/*}:read`,
  `/v1/{name=things${i}/**}:watch`,
]).flat();
const router = createRouter(templates.map((path) => ({ method: "GET", path, value: path })));

/** @param {string} path */
const match = (path) => () => {
  const time = cpuOfSync(() => {
    for (let i = 0; i < TIMES; i++) {
      router.match("GET", path);
    }
  });
  return { time: (time * 1000) / TIMES };
};

/** @type {import("../harness.js").Bench} */
export default {
  title: "Router: 500 routes",
  rows: [
    ...[
      "/v1/things50",
      "/v1/things99/abc",
      "/v1/things33/abc/parts/def",
      "/v1/projects/p/things7/x:read",
      "/v1/things3/a/b/c/d:watch",
    ].map((path) => ({
      name: `\`${path}\``,
      figures: { time: { unit: "ns", value: 250 } },
      subjects: { ours: match(path) },
    })),
    { name: "`/v1/nope/abc`, no match", figures: { time: { unit: "ns" } }, subjects: { ours: match("/v1/nope/abc") } },
  ],
};
