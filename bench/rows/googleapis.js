// @ts-check
/**
 * Large inputs: packages of googleapis, with the annotations that their authors wrote.
 *
 * Both plugins read the same descriptors, of all files of the packages, and write TypeScript. protoc-gen-es writes the
 * messages of all files; ours what the row says for the files with services, which is twice as many bytes with documents.
 * The 250 services are those of the first packages by name. CPU time and largest memory of the whole process. Each run is
 * a process of its own, so there is no warm-up.
 */
import { dirname } from "node:path";
import { createRequest, loadGoogleapis, runEs, runOurs } from "../plugins.js";

/** @typedef {import("@bufbuild/protobuf/wkt").FileDescriptorProto} File */

const all = loadGoogleapis();

/** The files of the first packages that have so many services together. @param {number} most */
function firstPackages(most) {
  const packages = [...new Set(all.map(({ name }) => dirname(name)))]
    .sort()
    .map((folder) => all.filter(({ name }) => dirname(name) === folder))
    .map((files) => ({ files, services: files.reduce((sum, { service }) => sum + service.length, 0) }));
  let services = 0;
  return packages.flatMap(({ files, services: count }) => {
    if (count === 0 || services + count > most) {
      return [];
    }
    services += count;
    return files;
  });
}

/** @param {string} name @param {File[]} files @param {string} emit @param {number} time @returns {import("../harness.js").Row} */
const besideEs = (name, files, emit, time) => ({
  name: `${name}, ${emit.replaceAll("+", ", ")}`,
  rounds: 3,
  warmup: 0,
  figures: {
    CPU: { unit: "ms", ratio: { "protoc-gen-es": time } },
    memory: { unit: "MiB", ratio: { "protoc-gen-es": 1 } },
  },
  subjects: {
    ours: runOurs(createRequest(all, files, `target=ts,emit=${emit}`)),
    "protoc-gen-es": runEs(createRequest(all, files, "target=ts")),
  },
});

const some = firstPackages(250);
const compute = all.filter(({ name }) => name === "google/cloud/compute/v1/compute.proto");

/** @type {import("../harness.js").Bench} */
export default {
  title: "Plugin: packages of googleapis",
  packages: ["@bufbuild/protoc-gen-es", "google-proto-files"],
  rows: [
    {
      name: "`compute.proto`, all outputs",
      rounds: 3,
      warmup: 0,
      figures: { CPU: { unit: "ms", value: 4000 }, memory: { unit: "MiB" } },
      subjects: { ours: runOurs(createRequest(all, compute, "target=ts")) },
    },
    besideEs("250 services", some, "client+server+openapi", 1),
    besideEs("250 services", some, "client+server", 0.5),
  ],
};
