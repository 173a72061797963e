import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { AskEventSchema } from "../../../../test/gen/market/v1/market_pb.js";
import { Color, ParamsSchema } from "../../../../test/gen/vectors/v1/http_rule_pb.js";
import type { StreamRule } from "../../shared/method.js";
import { SseEncoder } from "./sse-encoder.js";

function encoder(rule: StreamRule, heartbeatMs = 15_000): SseEncoder {
  return new SseEncoder(ParamsSchema, rule, heartbeatMs, {});
}

describe("id", () => {
  test.each<[string, Parameters<typeof create<typeof ParamsSchema>>[1], string | undefined]>([
    ["fInt64", { fInt64: 9223372036854775807n }, "9223372036854775807"],
    ["fInt64", {}, "0"],
    ["fInt32", { fInt32: -1 }, "-1"],
    ["fBool", { fBool: true }, "true"],
    ["fBool", {}, "false"],
    ["fString", { fString: " ü:日 " }, " ü:日 "],
    ["fString", {}, undefined],
    ["fColor", { fColor: Color.NEG }, "NEG"],
    ["fColor", {}, "COLOR_UNSPECIFIED"],
    ["fColor", { fColor: 77 as Color }, "77"],
    ["oInt32", { oInt32: 0 }, "0"],
    ["oInt32", {}, undefined],
    ["oString", { oString: "" }, undefined],
    ["cInt32", { choice: { case: "cInt32", value: 7 } }, "7"],
    ["cInt32", { choice: { case: "cString", value: "7" } }, undefined],
    ["cInt32", {}, undefined],
  ])("of field %s, %o: %s", (id, init, expected) => {
    const { text } = encoder({ id }).encode(create(ParamsSchema, init), undefined);
    const [first = ""] = text.split("\n");
    expect(first.startsWith("id:") ? first : undefined).toBe(expected === undefined ? undefined : `id: ${expected}`);
  });

  test.each(["a\nb", "a\rb", "\0"])("a field that no line can hold is refused: %j", (fString) => {
    expect(() => encoder({ id: "fString" }).encode(create(ParamsSchema, { fString }), undefined)).toThrow(
      `event id ${JSON.stringify(fString)} has a line break or NUL`,
    );
  });

  test("a field that is not there", () => {
    expect(() => encoder({ id: "sequence" })).toThrow('vectors.v1.Params has no field "sequence"');
  });
});

describe("frames", () => {
  test("events of one kind, with a name for all of them", () => {
    const message = create(ParamsSchema, { fInt32: 7 });
    const { text, terminal } = encoder({ id: "fInt32", eventName: "trade" }).encode(message, undefined);
    expect(text).toBe('id: 7\nevent: trade\ndata: {"fInt32":7}\n\n');
    expect(terminal).toBe(false);
    expect(() => encoder({ eventName: "a\nb" })).toThrow("has a line break or NUL");
  });

  test("opening, with and without heartbeat and retry", () => {
    expect(encoder({}).opening()).toBe(":sse/1 heartbeat=15000 end\n");
    expect(encoder({ retryMs: 3000 }, 0).opening()).toBe(":sse/1 end\nretry: 3000\n");
    expect(encoder({ retryMs: 3000 }).opening("a-1")).toBe(":sse/1 heartbeat=15000 end cursor=a-1\nretry: 3000\n");
  });

  test("end, with literal data", () => {
    expect(encoder({}).end).toBe(":end\n");
    expect(encoder({ terminalData: "[DONE]" }).end).toBe("data: [DONE]\n\n:end\n");
    expect(encoder({ terminalData: "a\nb\r\nc\rd\n" }).end).toBe(
      "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n:end\n",
    );
    expect(encoder({ terminalData: "" }).end).toBe("data: \n\n:end\n");
  });

  test("failure, under the name of the annotation", () => {
    expect(encoder({ errorEvent: "problem" }).failure({ code: 5, message: "a\nb" })).toBe(
      'event: problem\ndata: {"code":5,"message":"a\\nb"}\n\n',
    );
  });

  test("data is one line whatever it holds", () => {
    const { text } = encoder({}).encode(create(ParamsSchema, { fString: "a\r\n\u2028\ud800\0" }), undefined);
    expect(text).toBe('data: {"fString":"a\\r\\n\u2028\\ud800\\u0000"}\n\n');
  });

  test.each(["", "a\nb", "a\rb", "a\0b"])("an event name that no line can hold is refused: %j", (name) => {
    const rule: StreamRule = { events: { [name]: { field: "delta" } } };
    expect(() => new SseEncoder(AskEventSchema, rule, 0, {})).toThrow(`event name ${JSON.stringify(name)}`);
    expect(() => encoder({ errorEvent: name })).toThrow(`event name ${JSON.stringify(name)}`);
  });

  test("id, event, data: in this order", () => {
    const rule: StreamRule = { events: { "a delta": { field: "delta", terminal: true } } };
    const message = create(AskEventSchema, { event: { case: "delta", value: { text: "a" } } });
    expect(new SseEncoder(AskEventSchema, rule, 0, {}).encode(message, "7")).toEqual({
      text: 'id: 7\nevent: a delta\ndata: {"text":"a"}\n\n',
      terminal: true,
    });
  });

  test("a oneof without a member is no event", () => {
    const rule: StreamRule = { events: { delta: { field: "delta" } } };
    const oneof = new SseEncoder(AskEventSchema, rule, 0, {});
    expect(() => oneof.encode(create(AskEventSchema), undefined)).toThrow(
      'market.v1.AskEvent without an event: set a member of its oneof "event"',
    );
  });
});
