export default {
  market: {
    input: "./openapi.json",
    output: {
      target: "./api/api.ts",
      client: "fetch",
      override: { mutator: { path: "./fetcher.ts", name: "fetcher" } },
    },
  },
};
