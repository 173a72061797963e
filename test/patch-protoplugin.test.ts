import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { create, createFileRegistry, type DescFile } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { patchNames } from "../scripts/patch-protoplugin.js";
import { compile, root } from "./golden.js";

const folder = join(root, "node_modules/@bufbuild/protoplugin");
const source = readFileSync(join(folder, "dist/esm/names.js"), "utf8");
const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

interface Names {
  generatedDescName(desc: object): string;
  generatedShapeName(desc: object): string;
  generatedJsonTypeName(desc: object): string;
}

async function load(contents: string): Promise<Names> {
  const outfile = join(root, `.cache/names-${contents.length}.js`);
  mkdirSync(dirname(outfile), { recursive: true });
  const stdin = { contents, resolveDir: join(folder, "dist/esm") };
  const { outputFiles } = await build({ stdin, bundle: true, format: "esm", write: false });
  writeFileSync(outfile, outputFiles[0]?.contents ?? "");
  return await import(outfile);
}

let original: Names;
let patched: Names;
beforeAll(async () => {
  original = await load(source);
  patched = await load(patchNames(source, version));
});

function namesOf(file: DescFile, names: Names): string[] {
  return [
    names.generatedDescName(file),
    ...file.messages.flatMap((desc) => [
      names.generatedDescName(desc),
      names.generatedShapeName(desc),
      names.generatedJsonTypeName(desc),
    ]),
    ...file.services.map((desc) => names.generatedDescName(desc)),
  ];
}

const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: compile(["proto", "golden/names"]) }));
const files = [...registry.files];

test("names are those of protoplugin as it is", () => {
  expect(files.flatMap((file) => namesOf(file, patched))).toEqual(files.flatMap((file) => namesOf(file, original)));
  expect(files.flatMap((file) => namesOf(file, patched)).length).toBeGreaterThan(100);
});

test("the messages of a file are visited once, however many names are asked for", () => {
  const [file = null] = files.filter(({ messages }) => messages.length > 0);
  const visits = (names: Names) => {
    let count = 0;
    const get = () => {
      count++;
      return file?.messages;
    };
    const counted = Object.create(file, { messages: { get } });
    for (let i = 0; i < 10; i++) {
      names.generatedDescName(counted);
    }
    return count;
  };
  expect(visits(patched)).toBeGreaterThan(0);
  expect(visits(original)).toBe(10 * visits(patched));
});

test("another version, or other code, is refused", () => {
  expect(() => patchNames(source, "2.99.0")).toThrow("@bufbuild/protoplugin 2.99.0 is not what the patch was made for");
  expect(() => patchNames(source.replace("allNames(file) {", "allNames(desc) {"), version)).toThrow(
    "patches/README.md",
  );
});
