/** Go as users generate it, with buf and with protoc: it compiles in a module of theirs, and its client calls its server. */
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { files, root, writeFiles } from "../golden.js";
import { cacheFolder } from "../golden-code.js";
import { describeIfInstalled, isCommand } from "../is-command.js";
import { buildTool, run, runGo, writeGoModule } from "./go.js";

/** Two files of two packages, the second with the messages of the first. */
function protos(goPackage: (folder: string) => string): Record<string, string> {
  return {
    "proto/acme/feed/v1/feed.proto": `syntax = "proto3";
package acme.feed.v1;
import "acme/type/item.proto";
import "sse/v1/annotations.proto";
${goPackage("acme/feed/v1")}
// Items of a feed.
service FeedService {
  // Watches a feed.
  rpc Watch(WatchRequest) returns (acme.type.Item) {
    option (sse.v1.http) = {get: "/v1/feeds/{feed}:watch" stream: true};
  }
}
message WatchRequest {
  string feed = 1;
}
`,
    "proto/acme/type/item.proto": `syntax = "proto3";
package acme.type;
${goPackage("acme/type")}
message Item {
  string text = 1;
}
`,
  };
}

const declared = (folder: string) => `option go_package = "example.com/app/gen/${folder}";`;

/** A test of a user: `feed`, `feedsse` and `item` are the packages of the messages and of the service. */
function feedTest(feed: string, feedsse: string, item: string, sse: string): string {
  return `package app

import (
	"context"
	"net/http/httptest"
	"testing"

	feed "${feed}"
	feedsse "${feedsse}"
	item "${item}"
	"${sse}"
)

type server struct{ feedsse.UnimplementedFeedServiceHandler }

func (server) Watch(_ context.Context, req *feed.WatchRequest, stream *sse.Sender[*item.Item]) error {
	for _, text := range []string{"a", "b"} {
		if err := stream.Send(&item.Item{Text: req.Feed + text}); err != nil {
			return err
		}
	}
	return nil
}

func TestFeed(t *testing.T) {
	s := httptest.NewServer(sse.NewHandler(feedsse.NewFeedService(server{})))
	defer s.Close()
	got := ""
	for item, err := range feedsse.NewFeedServiceClient(s.URL).Watch(context.Background(), &feed.WatchRequest{Feed: "x"}).All() {
		if err != nil {
			t.Fatal(err)
		}
		got += item.Text
	}
	if got != "xaxb" {
		t.Fatal(got)
	}
}
`;
}

/** Where npm installs our protos. */
const ours = "node_modules/protoc-gen-sse/proto";

/** Generates in a folder, which is where `buf` and `protoc` are run. */
interface Way {
  readonly name: string;
  readonly goPackage: (folder: string) => string;
  readonly generate: (dir: string) => void;
  /** The folder of the module, in the folder of the project. */
  readonly module?: string;
  /** What the plugin writes, from the folder of the module. */
  readonly output: readonly string[];
  /** The name of the package of the service, and the import path of the runtime. */
  readonly feedsse?: string;
  readonly runtime?: string;
}

const toolsPath = () =>
  [buildTool("google.golang.org/protobuf/cmd/protoc-gen-go"), join(root, "bin/x"), join(root, "node_modules/.bin/x")]
    .map(dirname)
    .join(":");

function generate(command: string, args: readonly string[], dir: string): void {
  run("env", [`PATH=${toolsPath()}:${process.env["PATH"]}`, command, ...args], dir);
}

/** The files that docs/go.md has for buf. */
function buf(dir: string): void {
  const guide = readFileSync(join(root, "docs/go.md"), "utf8");
  const [modules = "", plugins = ""] = [...guide.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text);
  writeFiles(dir, { "buf.yaml": modules, "buf.gen.yaml": plugins });
  generate("buf", ["generate"], dir);
}

function protoc(dir: string, out: string, options: readonly string[], sseOptions: readonly string[] = []): void {
  mkdirSync(join(dir, out), { recursive: true });
  const opt = (plugin: string, all: readonly string[]) =>
    all.length === 0 ? [] : [`--${plugin}_opt=${all.join(",")}`];
  generate(
    "protoc",
    [
      "-Iproto",
      `-I${ours}`,
      `--go_out=${out}`,
      ...opt("go", options),
      `--sse_out=${out}`,
      ...opt("sse", ["target=go", ...options, ...sseOptions]),
      ...["acme/feed/v1/feed.proto", "acme/type/item.proto", "sse/v1/annotations.proto"],
    ],
    dir,
  );
}

const annotations = "Msse/v1/annotations.proto=example.com/app/gen/sse/v1;ssev1";

const ways: readonly Way[] = [
  {
    name: "buf, managed mode",
    goPackage: () => "",
    generate: buf,
    output: ["gen/acme/feed/v1/feedv1sse/feed.sse.go", "gen/sse/client.go"],
    feedsse: "feedv1sse",
  },
  {
    name: "protoc, paths=source_relative with M options",
    goPackage: () => "",
    generate: (dir) => {
      const packages = ["feed/v1/feed", "type/item"].map((file) => {
        return `Macme/${file}.proto=example.com/app/gen/acme/${dirname(file)}`;
      });
      protoc(dir, "gen", ["paths=source_relative", ...packages, annotations]);
    },
    output: ["gen/acme/feed/v1/v1sse/feed.sse.go", "gen/sse/client.go"],
  },
  {
    name: "protoc, module",
    goPackage: declared,
    generate: (dir) => protoc(dir, ".", ["module=example.com/app", annotations]),
    output: ["gen/acme/feed/v1/v1sse/feed.sse.go", "sse/client.go"],
    runtime: "example.com/app/sse",
  },
  {
    name: "protoc, module and go_root",
    goPackage: declared,
    generate: (dir) => protoc(dir, ".", ["module=example.com/app", annotations], ["go_root=example.com/app/gen"]),
    output: ["gen/acme/feed/v1/v1sse/feed.sse.go", "gen/sse/client.go"],
  },
  {
    name: "protoc, paths=import",
    goPackage: declared,
    generate: (dir) => protoc(dir, "src", ["paths=import", annotations]),
    module: "src/example.com/app",
    output: ["gen/acme/feed/v1/v1sse/feed.sse.go", "gen/sse/client.go"],
  },
];

const isInstalled = isCommand("go") && isCommand("protoc");

describeIfInstalled(isInstalled, "Go or protoc is not installed", "Go as users generate it", () => {
  test.each(ways)("$name", { timeout: 300_000 }, (way) => {
    const dir = cacheFolder(`tools-go/${way.name.replace(/\W+/g, "-")}`);
    rmSync(dir, { recursive: true, force: true });
    writeFiles(dir, protos(way.goPackage));
    cpSync(join(root, "proto"), join(dir, ours), { recursive: true });
    way.generate(dir);
    const folder = join(dir, way.module ?? ".");
    expect(files(folder)).toEqual(expect.arrayContaining([...way.output]));
    writeGoModule(folder, "example.com/app");
    const gen = "example.com/app/gen";
    const feed = `${gen}/acme/feed/v1`;
    const code = feedTest(feed, `${feed}/${way.feedsse ?? "v1sse"}`, `${gen}/acme/type`, way.runtime ?? `${gen}/sse`);
    writeFiles(folder, { "app_test.go": code });
    expect(runGo(["vet", "./..."], folder)).toBe("");
    expect(runGo(["test", "."], folder)).toContain("ok");
  });
});
