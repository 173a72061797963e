/** `validator` with the real @bufbuild/protovalidate, on protos with its rules, from the proto to the answer. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { beforeAll, describe, expect, test } from "vitest";
import { createServer, type Server, type ServerOptions } from "../templates/typescript/server.js";
import { createFlag } from "../templates/typescript/testing/flag.js";
import { serve } from "../templates/typescript/testing/serve.js";
import { runPlugin } from "./compile-text.js";
import { root, writeFiles } from "./golden.js";
import { cacheFolder, writeProject } from "./golden-code.js";
import { isCommand } from "./is-command.js";

const proto = `
syntax = "proto3";
package shop.v1;
import "buf/validate/validate.proto";
import "sse/v1/annotations.proto";

service OrderService {
  rpc PlaceOrder(PlaceOrderRequest) returns (Order) {
    option (sse.v1.http) = {post: "/orders" body: "*"};
  }
  rpc WatchOrders(WatchOrdersRequest) returns (Order) {
    option (sse.v1.http) = {get: "/orders" stream: true};
  }
  rpc Refund(RefundRequest) returns (Order) {
    option (sse.v1.http) = {get: "/refunds"};
  }
}
message PlaceOrderRequest {
  option (buf.validate.message).cel = {
    id: "order.gift"
    message: "a gift needs a greeting"
    expression: "!this.gift || this.greeting != ''"
  };
  string customer = 1 [(buf.validate.field).string.email = true];
  repeated Item items = 2 [(buf.validate.field).repeated.min_items = 1];
  map<string, int32> labels = 3 [(buf.validate.field).map.values.int32.gt = 0];
  bool gift = 4;
  string greeting = 5;
}
message Item {
  string sku = 1 [(buf.validate.field).string.pattern = "^[A-Z]{3}$"];
  int32 count = 2 [(buf.validate.field).int32 = {gte: 1 lte: 9}];
}
message WatchOrdersRequest {
  int32 page_size = 1 [(buf.validate.field).int32.lte = 100];
}
message RefundRequest {
  string reason = 1 [(buf.validate.field).cel = {id: "broken" expression: "this.nothing"}];
}
message Order {
  string id = 1;
}
`;

const order = { customer: "ada@example.com", items: [{ sku: "ABC", count: 1 }] };

describe("protovalidate", () => {
  const protoc = isCommand("protoc");
  if (!protoc) {
    const how = "protoc is not installed: apt-get install protobuf-compiler";
    if (process.env["CI"] !== undefined) {
      throw new Error(how);
    }
    console.warn(`SKIPPED: requests checked by protovalidate. ${how}`);
  }
  const testIfInstalled = test.skipIf(!protoc);

  // Generated while the test runs, so that their types are not known here.
  let mount: (handlers: object, options: object) => ServerOptions["services"][number];
  let OrderServiceClient: new (options: object) => Record<"placeOrder", (request: object) => Promise<unknown>>;

  beforeAll(async () => {
    if (!protoc) {
      return;
    }
    const cache = cacheFolder("validation");
    generate(cache);
    ({ createOrderService: mount } = await import(join(cache, "shop/shop/v1/shop_server.ts")));
    ({ OrderServiceClient } = await import(join(cache, "shop/shop/v1/shop_client.ts")));
  });

  /** A server whose handler raises a flag. */
  function createOrders(options: Partial<ServerOptions> = {}) {
    const called = createFlag();
    const handlers = {
      placeOrder() {
        called.raise();
        return { id: "1" };
      },
      async *watchOrders() {
        called.raise();
        yield { id: "1" };
      },
      refund: () => ({}),
    };
    const server = createServer({ services: [mount(handlers, {})], validator: createValidator(), ...options });
    return { server, called };
  }

  async function post(server: Server, body: unknown) {
    const request = new Request("http://localhost/orders", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const response = await server.fetch(request);
    return { status: response.status, body: await response.json() };
  }

  const badRequest = (...violations: readonly [field: string, description: unknown][]) => ({
    status: 400,
    body: {
      code: 3,
      message: expect.any(String),
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: violations.map(([field, description]) => ({ field, description })),
        },
      ],
    },
  });

  testIfInstalled("lets a request pass that keeps its rules", async () => {
    expect(await post(createOrders().server, order)).toEqual({ status: 200, body: { id: "1" } });
  });

  testIfInstalled.each([
    ["a field", { ...order, customer: "ada" }, [["customer", expect.stringMatching(/email/)]]],
    ["a list", { ...order, items: [] }, [["items", expect.stringMatching(/at least 1 item/)]]],
    [
      "elements and nested messages",
      { ...order, items: [order.items[0], { sku: "abc", count: 10 }] },
      [
        ["items[1].sku", expect.stringMatching(/pattern/)],
        ["items[1].count", expect.stringMatching(/9/)],
      ],
    ],
    ["a map", { ...order, labels: { rush: 0 } }, [['labels["rush"]', expect.stringMatching(/greater than 0/)]]],
    ["the message as a whole", { ...order, gift: true }, [["", "a gift needs a greeting"]]],
  ] as [string, object, [string, unknown][]][])("reports the rules that %s breaks", async (_what, body, violations) => {
    const { server, called } = createOrders();
    let isCalled = false;
    called.raised.then(() => {
      isCalled = true;
    });
    expect(await post(server, body)).toEqual(badRequest(...violations));
    expect(isCalled).toBe(false);
  });

  testIfInstalled("answers a stream with the status, before its head", async () => {
    const { server } = createOrders();
    const refused = await server.fetch(new Request("http://localhost/orders?pageSize=101"));
    expect({ status: refused.status, body: await refused.json() }).toEqual(
      badRequest(["page_size", expect.stringMatching(/100/)]),
    );
    const taken = await server.fetch(new Request("http://localhost/orders?pageSize=100"));
    expect(await taken.text()).toContain('data: {"id":"1"}');
  });

  testIfInstalled("masks rules that cannot be run, and reports them", async () => {
    const reported = createFlag<unknown>();
    const { server } = createOrders({ onError: (error) => reported.raise(error) });
    const response = await server.fetch(new Request("http://localhost/refunds?reason=x"));
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 500,
      body: { code: 13, message: "internal error" },
    });
    expect(String(await reported.raised)).toMatch(/nothing|undeclared|compil/i);
  });

  testIfInstalled("does not check what no validator was given for", async () => {
    expect(await post(createOrders({ validator: undefined }).server, { ...order, items: [] })).toMatchObject({
      status: 200,
    });
  });

  testIfInstalled("keeps a client from sending what breaks the rules", async () => {
    const { server, called } = createOrders({ validator: undefined });
    const { url: baseUrl } = await serve(server);
    const client = new OrderServiceClient({ baseUrl, validator: createValidator() });
    await expect(client.placeOrder({ ...order, customer: "ada" })).rejects.toThrow(/"customer" .*email/);
    expect(await client.placeOrder(order)).toMatchObject({ id: "1" });
    await called.raised;
  });
});

/** The code of the proto above, and its messages. The rules' own proto comes with protovalidate, as a descriptor. */
function generate(cache: string): void {
  const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-"));
  try {
    const { proto: validate, dependencies } = file_buf_validate_validate;
    const file = [...dependencies.map((dependency) => dependency.proto), validate];
    writeFileSync(
      join(dir, "validate.binpb"),
      toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file })),
    );
    cpSync(join(root, "proto"), dir, { recursive: true });
    writeFiles(dir, { "shop/v1/shop.proto": proto });
    execFileSync(
      "protoc",
      [
        "--include_imports",
        "--include_source_info",
        `--descriptor_set_in=${join(dir, "validate.binpb")}`,
        `--descriptor_set_out=${join(dir, "all.binpb")}`,
        `-I${dir}`,
        "shop/v1/shop.proto",
      ],
      { cwd: dir, stdio: ["ignore", "pipe", "pipe"] },
    );
    const set = fromBinary(FileDescriptorSetSchema, readFileSync(join(dir, "all.binpb")));
    const request = create(CodeGeneratorRequestSchema, {
      fileToGenerate: ["shop/v1/shop.proto"],
      protoFile: set.file,
      parameter: "runtime=protoc-gen-sse,emit=client+server",
    });
    const { error, files } = runPlugin(request);
    expect(error).toBe("");
    writeFiles(join(dir, "want"), Object.fromEntries(files));
    writeProject(cache, [{ name: "shop", dir, request }]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
