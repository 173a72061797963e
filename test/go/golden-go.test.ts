/** The Go goldens are proved: they compile beside the code of protoc-gen-go, and read and are formatted as careful code is. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { caseNames, files, goPackages, loadCase, readWant, root, writeFiles } from "../golden.js";
import { cacheFolder } from "../golden-code.js";
import { buildTool, describeWithGo, goMessages, run, runGo, writeGoModule } from "./go.js";

const cases = caseNames().filter((name) => !name.startsWith("errors/"));

describeWithGo("Go goldens", () => {
  const cache = cacheFolder("golden-go");
  const clients: string[] = [];

  beforeAll(() => {
    for (const name of cases) {
      const golden = loadCase(name);
      const { protoFile } = golden.request;
      const options = ["paths=source_relative", ...goPackages(`example.com/golden/${name}`, protoFile)];
      writeFiles(join(cache, name), goMessages(protoFile, options));
      const want = Object.entries(readWant(golden)).filter(([file]) => /^want-go\/.*sse\.go$/.test(file));
      for (const [file, content] of want) {
        const path = join(name, file.replace("want-go/", ""));
        clients.push(path);
        writeFiles(cache, { [path]: content });
      }
    }
    const runtime = join(root, "templates/go");
    const sources = files(join(runtime, "sse")).filter((name) => !name.endsWith("_test.go"));
    writeFiles(
      join(cache, "sse"),
      Object.fromEntries(sources.map((name) => [name, readFileSync(join(runtime, "sse", name), "utf8")])),
    );
    writeGoModule(cache, "example.com/golden");
    expect(clients.length).toBeGreaterThan(25);
  }, 300_000);

  test("compile, and go vet finds nothing", () => {
    expect(runGo(["vet", "./..."], cache)).toBe("");
  }, 600_000);

  test("are formatted as gofmt does", () => {
    expect(run("gofmt", ["-l", ...clients], cache)).toBe("");
  });

  test("staticcheck finds nothing, not even an export without a doc comment", () => {
    const staticcheck = buildTool("honnef.co/go/tools/cmd/staticcheck");
    // Names are those of the proto, its comments may say what they like, and so may its use of deprecated messages.
    const checks = "all,-ST1003,-ST1020,-ST1021,-ST1005,-SA1019";
    const packages = clients.map((name) => `./${name.slice(0, name.lastIndexOf("/"))}`);
    expect(run(staticcheck, ["-checks", checks, "./sse", ...new Set(packages)], cache)).toBe("");
  }, 600_000);

  test("have a doc comment on every export", () => {
    for (const name of clients) {
      const lines = readFileSync(join(cache, name), "utf8").split("\n");
      const bare = lines.filter(
        (line, i) => /^(func|type|var|const) (\([^)]*\) )?[A-Z]/.test(line) && !/^\/\//.test(lines[i - 1] ?? ""),
      );
      // The methods of the client implement its interface, which has the comments.
      expect(bare.filter((line) => !/^func \(c \*[a-z]/.test(line))).toEqual([]);
    }
  });
});
