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
    expect.stringMatching(/^unknown option "emti" \(did you mean "emit"\?\): the options are target, emit, /),
    'option "emit": got "client+servre", takes client server openapi, joined by +',
    'option "messages": got "xml", takes es json',
    'option "strict": got no value, takes true false',
    'option "runtime": got "", takes a module specifier',
    'option "import_extension": got "mjs", takes none js ts .js .ts',
  ]);
});

test("has other values and defaults for Python", () => {
  const { options, errors } = parseOptions("target=python");
  expect(errors).toEqual([]);
  expect(options).toMatchObject({ target: ["python"], emit: ["client"], messages: "google", runtime: undefined });
  expect(
    parseOptions("messages=protobuf-py,runtime=acme.sse,emit=openapi+client,target=ts,target=python").options,
  ).toMatchObject({ messages: "protobuf-py", runtime: "acme.sse", emit: ["openapi", "client"], target: ["python"] });
});

test("says which options and values another language has", () => {
  const mistakes = "target=python,emit=client+server,messages=es,runtime=./rt,import_extension=js,event_log=redis";
  expect(parseOptions(mistakes).errors).toEqual([
    'option "emit": there is no server for Python, only client openapi, joined by +',
    'option "messages": got "es", takes google protobuf-py for Python',
    'option "runtime": got "./rt", takes the name of a package for Python',
    'option "import_extension": only TypeScript has it, and the target is Python: remove it',
    'option "event_log": there is no server for Python: remove it',
  ]);
  expect(parseOptions("target=ts,messages=google").errors).toEqual(['option "messages": got "google", takes es json']);
  expect(parseOptions("target=ts+python").errors).toEqual([
    'option "target": got "ts+python", takes one language: run the plugin once for each',
  ]);
  expect(parseOptions("target=rust,emit=client").errors).toEqual([
    'option "target": got "rust", takes ts js dts, joined by +; or python; or go',
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
  expect(parseOptions("target=go,event_log=redis+test").options.event_log).toEqual(["redis", "test"]);
  expect(parseOptions("target=go,event_log=nats").errors).toEqual([
    'option "event_log": got "nats", takes redis test, joined by + for Go',
  ]);
  expect(parseOptions("target=go,event_log=redis,runtime=example.com/sse").errors).toEqual([
    'option "event_log": with "runtime" nothing is emitted: set it where "example.com/sse" is generated',
  ]);
  expect(parseOptions("event_log=redis,emit=client+openapi").errors).toEqual([
    'option "event_log": "emit" has no "server": add it, or leave "event_log" out',
  ]);
  expect(parseOptions("event_log=redis+nats,runtime=protoc-gen-sse").errors).toEqual([
    'option "event_log": with "runtime" nothing is emitted: import from "protoc-gen-sse/redis-event-log" and "protoc-gen-sse/nats-event-log"',
  ]);
});
