/** The client: `node dist/src/nodes/watcher.js <url> <number of alerts> <print every n-th>`. Ends when it has them all. */
import { AlertServiceClient } from "../../gen/market/v1/alerts_client.js";

const [baseUrl, count, every] = process.argv.slice(2);
const client = new AlertServiceClient({ baseUrl: String(baseUrl) });

let reconnects = 0;
let seen = 0;
let wrong = 0;
const stream = client.watchAlerts(
  {},
  {
    reconnect: { maxAttempts: 100, initialDelayMs: 20, maxDelayMs: 500 },
    onReconnect: ({ lastEventId }) => {
      reconnects++;
      console.log(`         connection lost after ${lastEventId}`);
    },
    // The opening says where the stream begins: from here on nothing is lost.
    onComment: (text) => text.startsWith("sse/1") && console.log(`opened   ${text}`),
  },
);
for await (const { id, text } of stream) {
  seen++;
  if (text !== `alert ${seen}`) {
    wrong++; // lost, or repeated
  }
  if (seen % Number(every) === 0) {
    console.log(`event    ${id} ${text}`);
  }
  if (seen >= Number(count)) {
    break;
  }
}

const verdict = wrong === 0 ? "none lost, none repeated" : `${wrong} LOST, REPEATED OR OUT OF ORDER`;
console.log(`summary  ${seen} events: ${verdict}, ${reconnects} attempts to reconnect`);
process.exitCode = wrong === 0 ? 0 : 1;
