import { availableParallelism } from "node:os";
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
    // One more than cores, as tests wait for sockets, timers and the processes that they start.
    maxWorkers: availableParallelism() + 1,
    // Real sockets, compilers and processes on a shared machine: a limit is there to end what hangs.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: "modules",
          setupFiles: "test/unit-guard.ts",
          include: ["{src,templates,test,examples,conformance}/**/*.test.ts"],
          exclude: ["**/node_modules/**", "examples/*/node_modules/**"],
        },
      },
      {
        extends: true,
        plugins: [joinedRuntime()],
        test: {
          name: "joined",
          // The same tests run one by one over the modules. Here files share a process, which saves its start.
          isolate: false,
          include: ["templates/typescript/**/*.test.ts"],
          // Compares what the entries export: here they export their internals too.
          exclude: ["templates/typescript/client.test.ts"],
        },
      },
    ],
  },
});
