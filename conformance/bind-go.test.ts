/** The server in Go reads the requests of bind.json to the messages of its rows. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { createPlugin } from "../src/plugin.js";
import { describeWithGo, goMessages, runGo, writeGoModule } from "../test/go/go.js";
import { compile, goPackages, writeFiles } from "../test/golden.js";
import { cacheFolder } from "../test/golden-code.js";
import { bindFile, readRows } from "./bind.js";
import { protos } from "./cases.js";

describeWithGo("the server in Go", () => {
  test("binds every row of bind.json", { timeout: 300_000 }, () => {
    const cache = cacheFolder("conformance-go-server");
    const protoFile = compile(protos);
    const options = ["paths=source_relative", ...goPackages("example.com/conformance", protoFile)];
    writeFiles(cache, goMessages(protoFile, options));
    const { file } = createPlugin(() => {}).run(
      create(CodeGeneratorRequestSchema, {
        fileToGenerate: ["conformance/v1/conformance.proto"],
        protoFile,
        parameter: ["target=go", ...options, "go_root=example.com/conformance"].join(),
      }),
    );
    writeFiles(cache, Object.fromEntries(file.map(({ name, content }) => [name, content])));
    writeGoModule(cache, "example.com/conformance");
    const main = readFileSync(join(import.meta.dirname, "drivers/go/server/main.go"), "utf8");
    writeFiles(join(cache, "main"), { "main.go": main });
    expect(runGo(["run", "./main", bindFile], cache)).toBe(`${readRows().length} rows\n`);
  });
});
