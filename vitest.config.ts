import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // Emitted code that imports the runtime from the package is tested with the templates, not with what was built of them.
    alias: [{ find: /^protoc-gen-sse\/(.*)$/, replacement: `${import.meta.dirname}/templates/typescript/$1.ts` }],
  },
  test: {
    include: ["{src,templates,test,examples}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "examples/*/node_modules/**"],
    // Vitest leaves one core free by default, which is half of a machine with two.
    maxWorkers: "100%",
    // Real sockets, compilers and processes on a shared machine: a limit is there to end what hangs.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
