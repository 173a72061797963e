import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { create, createFileRegistry, type DescFile } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { build } from "esbuild";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { patch, patchedModules } from "../scripts/patch-protobuf-es.js";
import { compile, root } from "./golden.js";

const packageOf = (module: string) => join(root, "node_modules/@bufbuild", dirname(module).split("/")[0] ?? "");
const pathOf = (module: string) => join(packageOf(module), "dist/esm", module.split("/").slice(1).join("/"));
const sourceOf = (module: string) => readFileSync(pathOf(module), "utf8");
const { version } = JSON.parse(readFileSync(join(packageOf("protoplugin/names.js"), "package.json"), "utf8"));
const patched = (module: string) => patch(module, sourceOf(module), version);

/** Runs a module of protobuf-es with this source; `more` is added to it. */
async function load<T>(module: string, contents: string, more = ""): Promise<T> {
  const outfile = join(root, `.cache/${module.replaceAll("/", "-")}-${contents.length}.js`);
  mkdirSync(dirname(outfile), { recursive: true });
  const stdin = { contents: contents + more, resolveDir: dirname(pathOf(module)) };
  const { outputFiles } = await build({ stdin, bundle: true, format: "esm", write: false });
  writeFileSync(outfile, outputFiles[0]?.contents ?? "");
  return await import(outfile);
}

describe("names of a file", () => {
  interface Names {
    generatedDescName(desc: object): string;
    generatedShapeName(desc: object): string;
    generatedJsonTypeName(desc: object): string;
  }

  const module = "protoplugin/names.js";
  let original: Names;
  let changed: Names;
  beforeAll(async () => {
    original = await load(module, sourceOf(module));
    changed = await load(module, patched(module));
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

  test("are those of protoplugin as it is", () => {
    expect(files.flatMap((file) => namesOf(file, changed))).toEqual(files.flatMap((file) => namesOf(file, original)));
    expect(files.flatMap((file) => namesOf(file, changed)).length).toBeGreaterThan(100);
  });

  test("are made in one visit of its messages, however many are asked for", () => {
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
    expect(visits(changed)).toBeGreaterThan(0);
    expect(visits(original)).toBe(10 * visits(changed));
  });
});

/** What an identifier can be made of, where names often differ. */
const identifier = fc.string({ unit: fc.constantFrom(..."_$09aAbBzZ"), minLength: 1, maxLength: 6 });

test("names of imports are in the order of localeCompare in English, whatever the locale", async () => {
  const module = "protoplugin/generated-file.js";
  type Changed = { compareNames(a: string, b: string): number };
  const { compareNames } = await load<Changed>(module, patched(module), "\nexport { compareNames };");
  const english = new Intl.Collator("en");
  fc.assert(
    fc.property(fc.uniqueArray(identifier, { maxLength: 20 }), (names) => {
      expect([...names].sort(compareNames)).toEqual([...names].sort(english.compare));
    }),
    { numRuns: 1000 },
  );
  expect(patched(module)).not.toContain("localeCompare");
});

test("names in camel case are those of protobuf-es as it is", async () => {
  const module = "protobuf/reflect/names.js";
  const changed = await load<{ protoCamelCase(name: string): string }>(module, patched(module));
  const name = fc.oneof(identifier, fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(name, (name) => {
      expect(changed.protoCamelCase(name)).toBe(protoCamelCase(name));
    }),
    { numRuns: 1000 },
  );
});

test.each(patchedModules)("%s: another version, or other code, is refused", (module) => {
  expect(() => patch(module, sourceOf(module), "2.99.0")).toThrow(`@bufbuild/${module} 2.99.0 is not what`);
  expect(() => patch(module, "", version)).toThrow("patches/README.md");
});
