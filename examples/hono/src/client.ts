/** Prints the messages, and sends what is typed: `npm run client -- ada`. */
import { createInterface } from "node:readline";
import { ChatServiceClient } from "../gen/chat/v1/chat_client.js";

const [user = "ada"] = process.argv.slice(2);
const client = new ChatServiceClient({
  baseUrl: `http://localhost:${process.env["PORT"] ?? 3000}`,
  headers: { Authorization: `Basic ${btoa(`${user}:secret`)}` },
});

createInterface({ input: process.stdin }).on("line", (text) => client.sendMessage({ text }));

for await (const { user, text } of client.watchMessages({})) {
  console.log(`${user}: ${text}`);
}
