import { expect, test } from "vitest";
import { NestedSchema } from "../../../../test/gen/vectors/v1/http_rule_pb.js";
import { buildMessages } from "../../testing/build-message.js";
import { createQueryScope, type QueryScope } from "./query-scope.js";

const byQuery = { method: "GET", path: "/" };

test("a message has one scope, however deep a client nests it", () => {
  const first = inner(createQueryScope(NestedSchema, byQuery));
  expect(inner(first)).toBe(first);
  expect(inner(inner(first))).toBe(first);

  function inner(scope: QueryScope): QueryScope {
    const entry = scope.find("inner", 0)?.entry;
    if (entry?.kind !== "message") {
      throw new Error(`inner is ${entry?.kind}`);
    }
    return entry.scope();
  }
});

test("a JSON name goes before another field's proto name", () => {
  const desc = buildMessages("names", {
    Swapped: [
      { name: "b", type: "string", jsonName: "c" },
      { name: "a", type: "string", jsonName: "b" },
    ],
  })("Swapped");
  const scope = createQueryScope(desc, byQuery);
  expect(scope.find("a", 0)?.entry.field.name).toBe("a");
  expect(scope.find("b", 0)?.entry.field.name).toBe("a");
  expect(scope.find("c", 0)?.entry.field.name).toBe("b");
});

test("a JSON name may hold what separates names", () => {
  const desc = buildMessages("odd", {
    Odd: [
      { name: "size", type: "string", jsonName: "page[size]" },
      { name: "page", type: ".odd.Odd" },
      { name: "first", type: "string", jsonName: "page.first" },
    ],
  })("Odd");
  const scope = createQueryScope(desc, byQuery);
  const find = (name: string) => scope.find(name, 0)?.entry.field.name;
  expect(find("page[size]")).toBe("size");
  expect(find("page.first")).toBe("first");
  expect(find("page.firstly")).toBe("page");
  expect(find("page.size")).toBe("page");
  expect(find("page[size")).toBe("page");
});

test("names of Object.prototype are fields like others", () => {
  const desc = buildMessages("proto", { Message: [{ name: "constructor", type: "string" }] })("Message");
  const scope = createQueryScope(desc, { ...byQuery, query: { "": {} } });
  expect(scope.find("constructor", 0)?.entry.field.name).toBe("constructor");
  expect(scope.find("toString", 0)).toBeUndefined();
});
