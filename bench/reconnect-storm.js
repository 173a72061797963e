// @ts-check
/**
 * What 100,000 clients do when their servers go away: how many connect in each tenth of a second. It runs the delay
 * function of the real client, and the jitter that the server puts into `retry:` when it drains. Writes the plot
 * docs/reconnect-storm.svg and the table in docs/scaling.md: `node bench/reconnect-storm.js`. The random numbers are the
 * same in every run.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { load } from "./runtime.js";

const { createFailures, NetworkError } = await load(`
  export { createFailures } from "./templates/typescript/client/stream/reconnect-plan.ts";
  export { NetworkError } from "./templates/typescript/client/request/errors.ts";
`);

const CLIENTS = 100_000;
const BUCKET_MS = 100;
const SECONDS = 60;

Math.random = mulberry32(1);

/** Half to one and a half times as long: `retry:` of a stream that a server drains. @param {number} ms */
const drained = (ms) => Math.round(ms * (0.5 + Math.random()));

/**
 * @typedef {object} Scenario
 * @property {string} title
 * @property {(client: number) => number} lostAt When a client loses its connection, in milliseconds.
 * @property {() => number | undefined} retryMs What the server told it.
 * @property {number} [capacity] How many connections are accepted in a second; the others are refused.
 */

/** @type {Scenario[]} */
const scenarios = [
  { title: "all servers are killed at once", lostAt: () => 0, retryMs: () => undefined },
  { title: "all servers drain at once, retry 2 s (the default)", lostAt: () => 0, retryMs: () => drained(2000) },
  { title: "all servers drain at once, retry 20 s", lostAt: () => 0, retryMs: () => drained(20_000) },
  {
    title: "10 servers drain one after the other, 5 s apart, retry 2 s",
    lostAt: (client) => (client % 10) * 5000,
    retryMs: () => drained(2000),
  },
  {
    title: "all servers are killed at once, and 5,000 connections a second are accepted",
    lostAt: () => 0,
    retryMs: () => undefined,
    capacity: 5000,
  },
];

/** @typedef {{ attempts: Float64Array, total: number, back: number, lastAt: number, peak: number }} Result */

/** @param {Scenario} scenario @returns {Result} */
function simulate({ lostAt, retryMs, capacity = Number.POSITIVE_INFINITY }) {
  const attempts = new Float64Array((SECONDS * 1000) / BUCKET_MS);
  /** Clients by the time of their next attempt. @type {{ failures: any, retry: number | undefined }[][]} */
  const due = Array.from(attempts, () => []);
  const error = new NetworkError("the connection was lost", { phase: "open" });
  /** @param {number} now @param {{ failures: any, retry: number | undefined }} client */
  const plan = (now, client) => {
    try {
      const delayMs = client.failures.add(error, client.retry, { phase: "open" });
      due[Math.floor((now + delayMs) / BUCKET_MS)]?.push(client);
    } catch {
      // It has used up its attempts.
    }
  };
  for (let client = 0; client < CLIENTS; client++) {
    plan(lostAt(client), { failures: createFailures({}), retry: retryMs() });
  }
  const result = { attempts, total: 0, back: 0, lastAt: 0, peak: 0 };
  for (const [bucket, clients] of due.entries()) {
    const accepted = Math.min(clients.length, (capacity * BUCKET_MS) / 1000);
    attempts[bucket] = clients.length * (1000 / BUCKET_MS);
    result.total += clients.length;
    result.back += accepted;
    result.lastAt = accepted > 0 ? (bucket + 1) * BUCKET_MS : result.lastAt;
    for (const client of clients.slice(accepted)) {
      plan((bucket + 1) * BUCKET_MS, client);
    }
  }
  result.peak = Math.max(...attempts);
  return result;
}

const number = (/** @type {number} */ value) => Math.round(value).toLocaleString("en");

/** A panel for each scenario, with a scale of its own. @param {readonly (Scenario & Result)[]} results */
function plot(results) {
  const [width, height, left, top] = [760, 96, 84, 34];
  const step = width / ((SECONDS * 1000) / BUCKET_MS);
  const panels = results.map(({ title, attempts, peak }, i) => {
    const y = top + i * (height + 62);
    const bars = [...attempts].flatMap((rate, bucket) => {
      const tall = (rate / peak) * height;
      return rate > 0
        ? [`M${(bucket * step).toFixed(1)} ${height}v${(-tall).toFixed(1)}h${step.toFixed(2)}V${height}`]
        : [];
    });
    const seconds = Array.from({ length: SECONDS / 10 + 1 }, (_, n) => n * 10);
    return `<g transform="translate(${left} ${y})">
<text y="-10" class="title">${title}</text>
<path d="M0 0H${width}" class="grid"/><path d="M0 ${height / 2}H${width}" class="grid"/>
<path d="${bars.join("")}" class="bars"/>
<path d="M0 ${height}H${width}" class="axis"/>
<text x="-8" y="4" class="left">${number(peak)}/s</text><text x="-8" y="${height / 2 + 4}" class="left">${number(peak / 2)}/s</text><text x="-8" y="${height + 4}" class="left">0</text>
${seconds.map((second) => `<text x="${Math.round((second / SECONDS) * width)}" y="${height + 16}" class="middle">${second} s</text>`).join("")}
</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 24} ${top + results.length * (height + 62) - 20}" font-family="sans-serif" font-size="12">
<title>Connections per second of 100,000 clients after their servers went away</title>
<style>text{fill:#333}.title{font-size:13px;font-weight:bold}.left{text-anchor:end}.middle{text-anchor:middle;fill:#666}.grid{stroke:#ddd}.axis{stroke:#666}.bars{fill:#2563a8}</style>
<rect width="100%" height="100%" fill="#fff"/>
${panels.join("\n")}
</svg>
`;
}

/** @param {readonly (Scenario & Result)[]} results */
function table(results) {
  const rows = results.map(
    ({ title, peak, total, back, lastAt }) =>
      `| ${title} | ${number(peak)}/s | ${number(total)} | ${number(CLIENTS - back)} | ${(lastAt / 1000).toFixed(1)} s |`,
  );
  return [
    "| 100,000 clients | peak of connections | attempts | not back | all back after |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

const results = scenarios.map((scenario) => ({ ...scenario, ...simulate(scenario) }));
const page = new URL("../docs/scaling.md", import.meta.url);
const text = readFileSync(page, "utf8");
writeFileSync(new URL("../docs/reconnect-storm.svg", import.meta.url), plot(results));
writeFileSync(
  page,
  text.replace(
    /(<!-- reconnect-storm -->\n)[\s\S]*?(<!-- end -->)/,
    (_, start, end) => `${start}${table(results)}\n${end}`,
  ),
);
console.log(table(results));

/** Random numbers from a seed. Source: the generator mulberry32. @param {number} seed */
function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
