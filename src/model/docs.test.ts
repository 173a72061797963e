import { expect, test } from "vitest";
import { parseDocs } from "./docs.js";

test("splits a comment into its first paragraph, on one line, and the rest as written", () => {
  expect(parseDocs(" The price\n of a symbol.\n\n  * now\n  * later\n\n Last.\n")).toEqual({
    text: "The price\nof a symbol.\n\n * now\n * later\n\nLast.",
    summary: "The price of a symbol.",
    description: " * now\n * later\n\nLast.",
  });
});

test("drops what speaks to linters, and what is internal", () => {
  const comment =
    " buf:lint:ignore RPC_REQUEST_STANDARD_NAME\n Lists (-- api-linter: core::0131=disabled\n     aip.dev/not-precedent: why. --)things.\n protolint:disable X\n";
  expect(parseDocs(comment)).toEqual({ text: "Lists things.", summary: "Lists things.", description: "" });
});

test("leaves one space where an internal comment stood between two words", () => {
  expect(parseDocs(" A (-- b --) c (-- d --)").text).toBe("A c");
});

test("leaves out the second star of /**", () => {
  expect(parseDocs("*\n A price.\n\n * now\n").text).toBe("A price.\n\n* now");
  expect(parseDocs("* A price. ").text).toBe("A price.");
  expect(parseDocs("* A price,\n in dollars.\n").summary).toBe("A price, in dollars.");
  expect(parseDocs(" * an item\n").text).toBe("* an item");
  expect(parseDocs("**bold**\n").text).toBe("**bold**");
});

test("is empty without a comment", () => {
  expect(parseDocs("")).toEqual({ text: "", summary: "", description: "" });
});
