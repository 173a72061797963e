import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type Headline,
  NewsService,
  type WatchHeadlinesRequest,
  type WatchHeadlinesRequestSchema,
} from "../../../test/gen/news/v1/news_pb.js";
import { type ClientOptions, defineMethod, type EventStream, type StreamOptions, Transport } from "../client.js";
import {
  createServer,
  defineService,
  type Server,
  type ServerOptions,
  type StreamContext,
  type StreamSource,
} from "../server.js";

// What the plugin prints for test/proto/news/v1/news.proto, by hand: the tests of the runtime come before it.

const http = {
  bindings: [{ method: "GET", path: "/v1/topics/{topic}/headlines", variables: [{ field: ["topic"] }] }],
  stream: { resumable: true, id: "id" },
} as const;

const watchHeadlines = defineMethod(NewsService, "watchHeadlines", http);

/** A server of the news service. */
export function createNewsServer(
  handler: (
    request: WatchHeadlinesRequest,
    context: StreamContext,
  ) => StreamSource<Headline> | Promise<StreamSource<Headline>>,
  options: Omit<ServerOptions, "services"> = {},
): Server {
  const service = defineService(NewsService, { watchHeadlines: handler }, { watchHeadlines: http });
  return createServer({ services: [service], ...options });
}

/** The generated client, in one function. */
export function watchNews(
  options: ClientOptions,
  request: MessageInitShape<typeof WatchHeadlinesRequestSchema>,
  streamOptions?: StreamOptions,
): EventStream<Headline> {
  return new Transport(options).stream(watchHeadlines, request, streamOptions);
}
