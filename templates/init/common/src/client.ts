import { CountdownServiceClient } from "./gen/countdown/v1/countdown_client.js";

const client = new CountdownServiceClient({ baseUrl: "http://localhost:3000" });

async function watch(from: number) {
  for await (const { remaining } of client.watch({ from })) {
    console.log(remaining);
  }
  console.log("Lift-off!");
}

watch(3);
