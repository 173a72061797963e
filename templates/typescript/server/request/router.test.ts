import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PathSyntaxError, parsePathTemplate } from "../../../../src/model/path-template.js";
import facts from "../../../../test/http-rule.json" with { type: "json" };
import { decodeVariable } from "../../shared/decode-variable.js";
import { parsePathPattern } from "./path-pattern.js";
import { createRouter, type RouteMatch, type Router } from "./router.js";

describe("facts of three implementations", () => {
  for (const { id, group, templates, path, expect: fact } of facts.matches) {
    test(`${id} ${group}: ${path}`, () => {
      const ours = templates.filter((template) => !refused(template));
      // Variables within variables are what the plugin refuses, and nothing else of the facts.
      expect(templates.filter((template) => !ours.includes(template) && !/\{[^}]*\{/.test(template))).toEqual([]);
      for (const order of [ours, [...ours].reverse()]) {
        const match = routerOf(...order.map((template) => `GET ${template}`)).match("GET", path);
        if (!fact.matched) {
          expect(match).toEqual({ kind: "none" });
        } else {
          expect(match).toMatchObject({ kind: "match", value: `GET ${fact.template}` });
          expect(bindings(match)).toEqual(fact.bindings);
        }
      }
    });
  }

  function refused(template: string): boolean {
    try {
      parsePathTemplate(template);
      return false;
    } catch (error) {
      if (error instanceof PathSyntaxError) {
        return true;
      }
      throw error;
    }
  }

  /** The values by field. Bytes that are not UTF-8 are U+FFFD in the facts; here binding refuses them. */
  function bindings(match: RouteMatch<string>): Record<string, string> {
    if (match.kind !== "match") {
      throw new Error(`unexpected ${match.kind}`);
    }
    const template = match.value.slice("GET ".length);
    const names = parsePathTemplate(template).variables.map(({ fieldPath }) => fieldPath.join("."));
    return Object.fromEntries(
      parsePathPattern(template).variables.map(({ multi }, index) => {
        const raw = match.variables[index] ?? "";
        try {
          return [names[index], decodeVariable(raw, multi)];
        } catch {
          return [names[index], raw.replaceAll("%FF", "\ufffd")];
        }
      }),
    );
  }
});

describe("precedence", () => {
  test.each([
    ["literal, *, **", ["GET /v1/{a=**}", "GET /v1/{a}", "GET /v1/x"], "/v1/x", "GET /v1/x"],
    ["* before **", ["GET /v1/{a=**}", "GET /v1/{a}"], "/v1/x", "GET /v1/{a}"],
    ["an earlier literal decides", ["GET /{a}/b/c", "GET /x/{b=**}"], "/x/b/c", "GET /x/{b=**}"],
    ["back from a literal that leads nowhere", ["GET /v1/a/b/c", "GET /v1/{x}/b/d"], "/v1/a/b/d", "GET /v1/{x}/b/d"],
    ["back from a * that leads nowhere", ["GET /v1/{x}/b", "GET /v1/{x=**}"], "/v1/a/c", "GET /v1/{x=**}"],
    [
      "** with more behind it",
      ["GET /o/{a=**}", "GET /o/{a=**}/c", "GET /o/{a=**}/b/c"],
      "/o/a/b/c",
      "GET /o/{a=**}/b/c",
    ],
    ["** with less behind it", ["GET /o/{a=**}/y/c", "GET /o/{a=**}/c"], "/o/a/b/c", "GET /o/{a=**}/c"],
    ["a path that ends before **", ["GET /v1/{a=**}", "GET /v1"], "/v1", "GET /v1"],
    ["a verb before none", ["GET /v1/{a}", "GET /{a=**}:watch"], "/v1/x:watch", "GET /{a=**}:watch"],
    ["no such verb: a segment with a colon", ["GET /v1/{a}", "GET /v1/{a}:watch"], "/v1/urn:x", "GET /v1/{a}"],
    ["the verb of a shape that does not fit", ["GET /v1/{a}", "GET /v2/{a}:watch"], "/v1/x:watch", "GET /v1/{a}"],
    ["the last colon is the verb's", ["GET /v1/{a}:b"], "/v1/x:a:b", "GET /v1/{a}:b"],
    ["a colon elsewhere is none", ["GET /v1/{a}/x", "GET /v1/{a}:b/x"], "/v1/c:b/x", "GET /v1/{a}/x"],
    ["an escaped colon is none", ["GET /v1/{a}", "GET /v1/{a}:b"], "/v1/x%3Ab", "GET /v1/{a}"],
  ])("%s", (_, routes, path, want) => {
    for (const order of [routes, [...routes].reverse()]) {
      expect(routerOf(...order).match("GET", path)).toMatchObject({ kind: "match", value: want });
    }
  });

  test("is that of the templates, whatever their order", () => {
    const segment = fc.constantFrom("a", "b", "*", "{x}", "{y=a/*}");
    const template = fc
      .tuple(
        fc.array(segment, { minLength: 1, maxLength: 3 }),
        fc.constantFrom("", "/**", "/{z=**}/b"),
        fc.constantFrom("", ":v"),
      )
      .map(([segments, rest, verb]) => `GET /${segments.join("/")}${rest}${verb}`);
    const path = fc
      .array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 5 })
      .map((parts) => `/${parts.join("/")}`);
    fc.assert(
      fc.property(
        fc.uniqueArray(template, {
          selector: (text) => text.replace(/\{x\}/g, "*").replace(/\{.=(.*?)\}/g, "$1"),
          maxLength: 12,
        }),
        fc.tuple(path, fc.constantFrom("", ":v", ":w")),
        (templates, [path, verb]) => {
          const found = routerOf(...templates).match("GET", path + verb);
          expect(routerOf(...[...templates].sort()).match("GET", path + verb)).toEqual(found);
          const fits = templates.some((template) => fitsRoute(template, path + verb));
          expect(found.kind).toBe(fits ? "match" : "none");
          if (found.kind === "match") {
            expect(fitsRoute(found.value, path + verb)).toBe(true);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  /** Whether the route's template takes the path: by a regular expression, slower and without precedence. */
  function fitsRoute(route: string, path: string): boolean {
    const [shape = "", verb] = route
      .replace("GET ", "")
      .replace(/\{.\}/g, "*")
      .replace(/\{.=(.*?)\}/g, "$1")
      .split(":");
    if (verb !== undefined && !path.endsWith(`:${verb}`)) {
      return false;
    }
    const source = shape.replace(/\/\*\*|\/\*/g, (wildcard) => (wildcard === "/**" ? "(?:/[^/]*)*" : "/(?!$)[^/]*"));
    return new RegExp(`^${source}$`).test(verb === undefined ? path : path.slice(0, -verb.length - 1));
  }
});

describe("HTTP methods", () => {
  const router = routerOf(
    "GET /v1/{a}",
    "PUT /v1/{a}",
    "POST /v1/literal",
    "REPORT /v1/literal",
    "DELETE /only",
    "HEAD /own",
    "GET /own",
  );

  test("each has its route", () => {
    expect(router.match("PUT", "/v1/x")).toMatchObject({ value: "PUT /v1/{a}" });
    expect(router.match("REPORT", "/v1/literal")).toMatchObject({ value: "REPORT /v1/literal" });
  });

  test("a more general template answers for a method that the closer one lacks", () => {
    expect(router.match("GET", "/v1/literal")).toEqual({ kind: "match", value: "GET /v1/{a}", variables: ["literal"] });
  });

  test("a path that exists with other methods lists all of them", () => {
    expect(router.match("PATCH", "/v1/literal")).toEqual({
      kind: "wrong method",
      allow: ["GET", "HEAD", "POST", "PUT", "REPORT"],
    });
    expect(router.match("GET", "/only")).toEqual({ kind: "wrong method", allow: ["DELETE"] });
  });

  test("names are compared as they are, and never found on a prototype", () => {
    expect(router.match("get", "/v1/x").kind).toBe("wrong method");
    expect(router.match("constructor", "/v1/x").kind).toBe("wrong method");
    expect(router.match("GET", "/__proto__").kind).toBe("none");
  });

  test("GET answers HEAD, unless HEAD has a route of its own", () => {
    expect(router.match("HEAD", "/v1/x")).toMatchObject({ value: "GET /v1/{a}" });
    expect(router.match("HEAD", "/own")).toMatchObject({ value: "HEAD /own" });
    expect(router.match("HEAD", "/only").kind).toBe("wrong method");
  });
});

describe("paths", () => {
  test.each([
    ["GET /v1/{name=o/**}/x/{b}", "/v1/o/p/q/x/r", ["o/p/q", "r"]],
    ["GET /v1/{name=o/**}/x/{b}", "/v1/o/x/r", ["o", "r"]],
    ["GET /{a=**}/{b}:v", "/x/y/z:v", ["x/y", "z"]],
    ["GET /{tenant}/v1/{a}", "/acme/v1/x", ["acme", "x"]],
    ["GET /v1/{a=**}", "/v1", [""]],
    ["GET /v1/{a=**}", "/v1/", [""]],
    ["GET /v1/{a=**}", "/v1/x/", ["x/"]],
    ["GET /{a=**}", "/", [""]],
    ["GET /v1/{a}", "/v1/%zz", ["%zz"]],
    ["GET /", "/", []],
  ])("%s takes %s", (route, path, variables) => {
    expect(routerOf(route).match("GET", path)).toEqual({ kind: "match", value: route, variables });
  });

  test.each([
    ["GET /v1/{a}", "/v1/"],
    ["GET /v1/{a}:b", "/v1/:b"],
    ["GET /v1/x", "/v1/x/"],
    ["GET /v1", "v1"],
    ["GET /**", "*"],
    ["GET /**", ""],
    ["GET /{a}", "/"],
  ])("%s does not take %j", (route, path) => {
    expect(routerOf(route).match("GET", path)).toEqual({ kind: "none" });
  });

  test("literals are compared decoded", () => {
    const router = routerOf("GET /a%20b/%2A:r%C3%A9sum%C3%A9", "GET /%2A");
    for (const path of ["/a%20b/*:r%c3%a9sum%c3%a9", "/%61%20b/%2A:%72%C3%A9sum%C3%A9", "/a b/*:r\u00e9sum\u00e9"]) {
      expect(router.match("GET", path)).toMatchObject({ kind: "match" });
    }
    expect(router.match("GET", "/x")).toEqual({ kind: "none" });
    expect(router.match("GET", "/%2")).toEqual({ kind: "none" });
  });

  test("a long path is decided in linear time", () => {
    const router = routerOf("GET /{a=**}/x/y", "GET /{a=**}/x", "GET /{a}/{b=**}/z", "GET /a/{c=**}", "GET /**:v");
    const path = "/a".repeat(500_000);
    expect(router.match("GET", path)).toMatchObject({ value: "GET /a/{c=**}" });
    expect(router.match("GET", `/${":".repeat(1_000_000)}`).kind).toBe("none");
    expect(router.match("PUT", path).kind).toBe("wrong method");
  });
});

test("two routes that take the same requests are refused", () => {
  expect(() => routerOf("GET /v1/{a=x/*}/b", "GET /v1/x/{other}/%62")).toThrow(
    'GET "/v1/{a=x/*}/b" and "/v1/x/{other}/%62" take the same requests: leave one of them out',
  );
  routerOf("GET /v1/{a}", "PUT /v1/{a}", "GET /v1/{a}:b", "GET /v1/{a=**}");
});

/** Routes as `METHOD template`, each the value of itself. */
function routerOf(...routes: string[]): Router<string> {
  return createRouter(
    routes.map((value) => {
      const [method = "", path = ""] = value.split(" ");
      return { method, path, value };
    }),
  );
}
