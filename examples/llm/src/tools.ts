/** The tools of the assistant. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ToolSchema } from "../gen/openai/v1/chat_pb.js";

/** As the model sees them. */
export const tools: MessageInitShape<typeof ToolSchema>[] = [
  {
    type: "function",
    function: {
      name: "current_time",
      description: "The date and time in a time zone, now.",
      parameters: {
        type: "object",
        properties: { time_zone: { type: "string", description: "A name of the IANA database, such as Asia/Tokyo." } },
        required: ["time_zone"],
      },
    },
  },
];

/** Runs a call of the model. What is wrong with it is told to the model, which may try again. */
export function runTool(name: string, json: string): string {
  try {
    if (name !== "current_time") {
      return `there is no tool "${name}"`;
    }
    const { time_zone: timeZone } = JSON.parse(json) as { time_zone: string };
    return new Date().toLocaleString("en-GB", { dateStyle: "full", timeStyle: "short", timeZone });
  } catch (error) {
    return String(error);
  }
}
