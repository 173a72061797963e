import { expect, test } from "vitest";
import { cacheFolder } from "../golden-code.js";
import { isCommand } from "../is-command.js";
import { checkPackages } from "./check.js";
import { loadCorpus } from "./corpus.js";

/**
 * Packages chosen for variety: streams, resource names, verbs, bytes, deep messages, old proto2, large enums,
 * additional bindings, mixins, many services, query parameters of every kind. `make corpus` takes all.
 */
const SAMPLE = [
  ...[
    "ai/generativelanguage/v1beta",
    "api/apikeys/v2",
    "api/cloudquotas/v1",
    "api/servicecontrol/v2",
    "api/serviceusage/v1",
  ],
  ...["analytics/admin/v1beta", "analytics/data/v1beta", "appengine/v1", "bigtable/v2", "bigtable/admin/v2", "chat/v1"],
  ...[
    "cloud/accessapproval/v1",
    "cloud/asset/v1",
    "cloud/automl/v1",
    "cloud/bigquery/migration/v2",
    "cloud/bigquery/v2",
  ],
  ...[
    "cloud/billing/v1",
    "cloud/dialogflow/v2",
    "cloud/functions/v2",
    "cloud/gkehub/v1",
    "cloud/kms/v1",
    "cloud/language/v2",
  ],
  ...[
    "cloud/location",
    "cloud/networkservices/v1",
    "cloud/recommender/v1",
    "cloud/redis/v1",
    "cloud/run/v2",
    "cloud/scheduler/v1",
  ],
  ...[
    "cloud/secretmanager/v1",
    "cloud/speech/v2",
    "cloud/sql/v1",
    "cloud/tasks/v2",
    "cloud/translate/v3",
    "cloud/vision/v1",
  ],
  ...[
    "cloud/workflows/v1",
    "container/v1",
    "datastore/v1",
    "devtools/build/v1",
    "devtools/cloudbuild/v1",
    "firestore/v1",
  ],
  ...["iam/v1", "iam/admin/v1", "identity/accesscontextmanager/v1", "logging/v2", "longrunning", "maps/routing/v2"],
  ...["maps/places/v1", "monitoring/v3", "privacy/dlp/v2", "pubsub/v1", "spanner/v1", "storagetransfer/v1"],
].map((name) => `google/${name}`);

const hasProtoc = isCommand("protoc");
if (!hasProtoc) {
  const how = "protoc is not installed: apt-get install protobuf-compiler";
  if (process.env["CI"] !== undefined) {
    throw new Error(how);
  }
  console.warn(`SKIPPED: the sample of googleapis. ${how}`);
}

test.skipIf(!hasProtoc)(
  "a sample of googleapis is generated, compiled and validated",
  { timeout: 600_000 },
  async () => {
    const packages = loadCorpus(SAMPLE);
    expect(packages.map(({ folder }) => folder).sort()).toEqual([...SAMPLE].sort());
    const report = await checkPackages(packages, cacheFolder("corpus-sample"));
    expect(report.refused).toEqual([]);
    expect(report.invalid).toEqual([]);
    expect(report.compiler).toBe("");
    expect(report.packages).toBeGreaterThanOrEqual(40);
    expect(report.streams).toBeGreaterThan(5);
    expect(report.documents).toBeGreaterThan(60);
  },
);
