/** A process that publishes: `node publisher.js <library> <port> <number> <events>`. */
import { createLogTopic } from "../../templates/typescript/server.js";
import { publishAt } from "../../templates/typescript/testing/resume-load.js";
import { HeadlineSchema } from "../gen/news/v1/news_pb.js";
import { openEventLog } from "./backends.js";

const [library = "", port, publisher, events] = process.argv.slice(2);
const ends: (() => void | Promise<void>)[] = [];
const log = await openEventLog(library, Number(port), { events: 100_000 }, (end) => ends.push(end));
await publishAt(createLogTopic(HeadlineSchema, { log, name: "load" }), Number(publisher), Number(events));
for (const end of ends.reverse()) {
  await end();
}
process.exit();
