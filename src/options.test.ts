import { expect, test } from "vitest";
import { parseOptions } from "./options.js";

test("has the defaults of the README", () => {
  const { options, errors } = parseOptions("");
  expect(errors).toEqual([]);
  expect(options).toMatchObject({
    emit: ["client", "server", "openapi"],
    messages: "es",
    runtime: undefined,
    target: ["ts"],
  });
});

test("reads options; the last one of a name wins", () => {
  const { options, errors } = parseOptions(
    "emit=client+server,messages=json,runtime=./rt,strict=true,strict=false,default_binding=1",
  );
  expect(errors).toEqual([]);
  expect(options).toMatchObject({
    emit: ["client", "server"],
    messages: "json",
    runtime: "./rt",
    strict: false,
    default_binding: true,
  });
});

test("says of every mistake what it got and what it takes", () => {
  expect(
    parseOptions("emti=client,emit=client+servre,messages=xml,strict,runtime=,import_extension=mjs").errors,
  ).toEqual([
    expect.stringMatching(/^unknown option "emti" \(did you mean "emit"\?\): the options are emit, messages, /),
    'option "emit": got "client+servre", takes client server openapi, joined by +',
    'option "messages": got "xml", takes es json',
    'option "strict": got no value, takes true false',
    'option "runtime": got "", takes a module specifier',
    'option "import_extension": got "mjs", takes none js ts .js .ts',
  ]);
});

test("takes no name of Object.prototype for an option", () => {
  expect(parseOptions("constructor=1,__proto__=2").errors).toHaveLength(2);
});

test("refuses event logs that would not be emitted", () => {
  expect(parseOptions("event_log=redis+nats").options.event_log).toEqual(["redis", "nats"]);
  expect(parseOptions("event_log=kafka").errors).toEqual([
    'option "event_log": got "kafka", takes redis nats, joined by +',
  ]);
  expect(parseOptions("event_log=redis,emit=client+openapi").errors).toEqual([
    'option "event_log": "emit" has no "server": add it, or leave "event_log" out',
  ]);
  expect(parseOptions("event_log=redis+nats,runtime=protoc-gen-sse").errors).toEqual([
    'option "event_log": with "runtime" nothing is emitted: import from "protoc-gen-sse/redis-event-log" and "protoc-gen-sse/nats-event-log"',
  ]);
});
