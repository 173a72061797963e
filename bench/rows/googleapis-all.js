// @ts-check
/**
 * All of googleapis in one request: 7,219 files with 1,872 services, with the default heap of Node.
 *
 * As in googleapis.js. Four files have annotations with mistakes, and ours leaves them out. protoc-gen-es needs
 * minutes, most of them for `compute.proto`, so there is one round.
 */
import { createRequest, loadGoogleapis, runEs, runOurs } from "../plugins.js";

const WRONG = "google.cloud.bigquery.storage+google.security.safebrowsingohttpgateway";
const all = loadGoogleapis();

/** @type {import("../harness.js").Bench} */
export default {
  title: "Plugin: all of googleapis",
  packages: ["@bufbuild/protoc-gen-es", "google-proto-files"],
  rows: [
    {
      name: "all outputs",
      rounds: 1,
      figures: {
        CPU: { unit: "ms", ratio: { "protoc-gen-es": 1 } },
        memory: { unit: "MiB", ratio: { "protoc-gen-es": 1 } },
      },
      subjects: {
        ours: runOurs(createRequest(all, all, `target=ts,ignore_errors=${WRONG}`)),
        "protoc-gen-es": runEs(createRequest(all, all, "target=ts")),
      },
    },
  ],
};
