// @ts-check
/**
 * The CPU time of matching one request, on a server with 500 routes: literals, variables, `**` and `:verb` suffixes.
 *
 * All requests of a row go to one router of each library, which has 500 routes as well. find-my-way and rou3 write
 * patterns in other ways: their routes have the same segments. They have no suffix after a wildcard that spans
 * segments, so theirs ends with the wildcard, and rou3 matches the `:read` suffix as a part of the variable, which is
 * less work. Every router returns the value of its route and the variables, which is checked. Two rounds warm up.
 */
import findMyWay from "find-my-way";
import { addRoute, createRouter as createRou3, findRoute } from "rou3";
import { cpuOfSync } from "../measure.js";
import { load } from "../runtime.js";

const TIMES = 200_000;
const { createRouter } = await load(`export * from "./templates/typescript/server/request/router.ts"`);

/** The same five routes, a hundred times, as each router writes them: ours, find-my-way, rou3. */
const patterns = Array.from({ length: 100 }, (_, i) => [
  [`/v1/things${i}`, `/v1/things${i}`, `/v1/things${i}`],
  [`/v1/things${i}/{id}`, `/v1/things${i}/:id`, `/v1/things${i}/:id`],
  [`/v1/things${i}/{id}/parts/{part}`, `/v1/things${i}/:id/parts/:part`, `/v1/things${i}/:id/parts/:part`],
  [`/v1/{name=projects/*/things${i}/*}:read`, `/v1/projects/:p/things${i}/:id::read`, `/v1/projects/:p/things${i}/:id`],
  [`/v1/{name=things${i}/**}:watch`, `/v1/things${i}/*`, `/v1/things${i}/**:rest`],
]).flat();

const ours = createRouter(patterns.map(([path]) => ({ method: "GET", path, value: path })));
const theirs = findMyWay();
const rou3 = /** @type {import("rou3").RouterContext<string>} */ (createRou3());
for (const [value = "", forFindMyWay = "", forRou3 = ""] of patterns) {
  theirs.on("GET", forFindMyWay, () => {}, value);
  addRoute(rou3, "GET", forRou3, value);
}

/** @type {Record<string, (path: string) => unknown>} The value of the route that a path matches. */
const routers = {
  ours: (path) => ours.match("GET", path).value,
  "find-my-way": (path) => theirs.find("GET", path)?.store,
  rou3: (path) => findRoute(rou3, "GET", path)?.data,
};

/** @param {(path: string) => unknown} match @param {string} path */
const subject = (match, path) => () => {
  let found = 0;
  const time = cpuOfSync(() => {
    for (let i = 0; i < TIMES; i++) {
      found += match(path) === undefined ? 0 : 1;
    }
  });
  return { time: (time * 1000) / TIMES, found };
};

/** @param {[path: string, route: string | undefined]} entry @returns {import("../harness.js").Row} */
function row([path, route]) {
  for (const [name, match] of Object.entries(routers)) {
    if (match(path) !== route) {
      throw new Error(`${name} matches ${path} with ${match(path)}, not with ${route}`);
    }
  }
  return {
    name: route === undefined ? `\`${path}\`, no match` : `\`${path}\``,
    figures: { time: { unit: "ns", ...(route !== undefined && { value: 250 }) } },
    subjects: Object.fromEntries(Object.entries(routers).map(([name, match]) => [name, subject(match, path)])),
  };
}

/** @type {import("../harness.js").Bench} */
export default {
  title: "Router: 500 routes",
  packages: ["find-my-way", "rou3"],
  rows: /** @type {[string, string | undefined][]} */ ([
    ["/v1/things50", "/v1/things50"],
    ["/v1/things99/abc", "/v1/things99/{id}"],
    ["/v1/things33/abc/parts/def", "/v1/things33/{id}/parts/{part}"],
    ["/v1/projects/p/things7/x:read", "/v1/{name=projects/*/things7/*}:read"],
    ["/v1/things3/a/b/c/d:watch", "/v1/{name=things3/**}:watch"],
    ["/v1/nope/abc", undefined],
  ]).map(row),
};
