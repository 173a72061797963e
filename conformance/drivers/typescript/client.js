// Reads a line of JSON for each call, makes the call with the generated client, and writes a line with the result.
// `main.js es` uses the messages of protoc-gen-es, `main.js json` their JSON types.
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fromJson, toJson } from "@bufbuild/protobuf";
import { ConformanceServiceClient as EsClient } from "es/conformance/v1/conformance_client";
import { ConformanceService } from "es/conformance/v1/conformance_pb";
import { ConformanceServiceClient as JsonClient } from "json/conformance/v1/conformance_client";

const isJson = process.argv[2] === "json";
const Client = isJson ? JsonClient : EsClient;

for await (const line of createInterface({ input: process.stdin })) {
  const { name, baseUrl, method, request, options } = JSON.parse(line);
  const { pauseMs = 0, stopAfter = Infinity, ...callOptions } = options;
  const local = method[0].toLowerCase() + method.slice(1);
  const { input, output } = ConformanceService.method[local];
  const toValue = (message) => (isJson ? message : toJson(output, message));
  const answer = { name, events: [] };
  let stream;
  try {
    const call = new Client({ baseUrl })[local](isJson ? request : fromJson(input, request), callOptions);
    if (call instanceof Promise) {
      answer.events.push({ value: toValue(await call) });
    } else {
      stream = call;
      for await (const { id, event, value } of stream.withMeta()) {
        answer.events.push({ id, event, value: toValue(value) });
        if (answer.events.length === stopAfter) {
          break;
        }
        await sleep(pauseMs);
      }
    }
  } catch (error) {
    const {
      code: kind,
      statusCode: code = 0,
      kind: timeout,
      details,
      status,
      message,
      phase,
      lastEventId,
      attempt,
    } = error;
    const types = details?.map((detail) => detail["@type"]);
    answer.error = { kind, code, status, message, details: types, timeout, phase, lastEventId, attempt };
  }
  answer.cursor = stream?.lastEventId;
  console.log(JSON.stringify(answer));
}
