import { defineConfig } from "vitest/config";
import { joinedRuntime } from "./test/joined-runtime.js";

const joined = `${import.meta.dirname}/dist/joined`;

export default defineConfig({
  resolve: {
    // Generated code that imports the runtime from the package is tested with the files that the package is made of.
    alias: [
      { find: "protoc-gen-sse/client-json", replacement: `${joined}/client-json/client-json.ts` },
      { find: /^protoc-gen-sse\/(.*)$/, replacement: `${joined}/client+server/$1.ts` },
    ],
  },
  test: {
    globalSetup: "test/setup.ts",
    // Vitest leaves one core free by default, which is half of a machine with two.
    maxWorkers: "100%",
    // Real sockets, compilers and processes on a shared machine: a limit is there to end what hangs.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: "modules",
          setupFiles: "test/unit-guard.ts",
          include: ["{src,templates,test,examples}/**/*.test.ts"],
          exclude: ["**/node_modules/**", "examples/*/node_modules/**"],
        },
      },
      {
        extends: true,
        plugins: [joinedRuntime()],
        test: {
          name: "joined",
          include: ["templates/typescript/**/*.test.ts"],
          // Compares what the entries export: here they export their internals too.
          exclude: ["templates/typescript/client.test.ts"],
        },
      },
    ],
  },
});
