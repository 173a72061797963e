// @ts-check
/**
 * Large inputs: googleapis, with the annotations that its authors wrote.
 *
 * Both plugins read the same descriptors and write TypeScript for the same files: protoc-gen-es the messages, ours what
 * the row says. CPU time and largest memory of the whole process. Ours leaves files out that have no service; both
 * have to read them. Processes start afresh for each run, so there is no warm-up. `all of googleapis` runs with the
 * default heap of Node.
 */
import { createRequest, loadGoogleapis, runEs, runOurs } from "../plugins.js";

const SERVICES = 250;
const all = loadGoogleapis();

let services = 0;
const some = all.filter(({ service }) => {
  services += service.length;
  return service.length > 0 && services <= SERVICES;
});
const compute = all.filter(({ name }) => name === "google/cloud/compute/v1/compute.proto");

/** @typedef {import("@bufbuild/protobuf/wkt").FileDescriptorProto} File */

/** @param {string} name @param {File[]} files @param {string} emit @param {Partial<import("../harness.js").Row>} row */
const row = (name, files, emit, row) => ({
  name: `${name}, ${emit}`,
  rounds: 3,
  warmup: 0,
  subjects: {
    ours: runOurs(createRequest(all, files, `target=ts,emit=${emit}`)),
    "protoc-gen-es": runEs(createRequest(all, files, "target=ts")),
  },
  figures: {},
  ...row,
});

/** @param {number} time @param {number} memory */
const beside = (time, memory) => ({
  CPU: { unit: "ms", ratio: { "protoc-gen-es": time } },
  memory: { unit: "MiB", ratio: { "protoc-gen-es": memory } },
});

/** @type {import("../harness.js").Bench} */
export default {
  title: "Plugin: googleapis",
  packages: ["@bufbuild/protoc-gen-es", "google-proto-files"],
  rows: [
    row("compute.proto", compute, "client+server+openapi", {
      figures: { CPU: { unit: "ms", value: 4000 }, memory: { unit: "MiB" } },
    }),
    row("250 services", some, "client+server+openapi", { figures: beside(1, 1) }),
    row("250 services", some, "client+server", { figures: beside(0.5, 1) }),
    row("all", all, "client+server+openapi", { figures: beside(1, 1), rounds: 1 }),
  ],
};
