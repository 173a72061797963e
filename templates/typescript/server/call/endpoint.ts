import type { DescField } from "@bufbuild/protobuf";
import type { HttpBinding } from "../../shared/method.js";
import { type Binder, createBinder } from "../request/bind.js";
import type { Route } from "../request/router.js";
import type { EventEncoder, JsonOptions } from "../stream/event-encoder.js";
import { checkIdOfField } from "../stream/event-id.js";
import { JsonLinesEncoder, jsonLinesProfile } from "../stream/json-lines-encoder.js";
import { SseEncoder } from "../stream/sse-encoder.js";
import type { CallOptions } from "./server-options.js";
import type { ServiceMethod } from "./service.js";

/** The target of a route: a binding of a method, and everything that does not depend on the request. */
export interface Endpoint<C> {
  readonly method: ServiceMethod<C>;
  readonly binder: Binder;
  readonly binding: HttpBinding;
  /**
   * The content types of its responses, the preferred one first. Empty for a `google.api.HttpBody`, which can have any
   * type.
   */
  readonly offers: readonly string[];
  /** For a stream, the encoder of each content type. */
  readonly encoders: ReadonlyMap<string, EventEncoder> | undefined;
  /** For a stream, the field whose value is the id of an event. */
  readonly idField: DescField | undefined;
  /** Throws for an event id that is not a value of that field. */
  readonly checkId: (id: string) => string;
}

/** The query parameter that replaces `Last-Event-ID`. */
export const lastEventIdParameter = "last_event_id";

/** The routes of all bindings of all services. */
export function createRoutes<C>(options: CallOptions<C>, json: JsonOptions): readonly Route<Endpoint<C>>[] {
  return options.services.flatMap(({ methods }) =>
    methods.flatMap((method) => {
      const { desc, http } = method;
      const encoders = http.stream && createEncoders(method, options, json);
      const idField = desc.output.fields.find(({ jsonName }) => jsonName === http.stream?.id);
      const checkId = (id: string) => checkIdOfField(idField, id);
      const reserved = http.stream ? [lastEventIdParameter] : [];
      return http.bindings.map((binding) => {
        const { method: httpMethod, path, rawResponse } = binding;
        const binder = createBinder(desc.input, binding, { unknownQuery: options.unknownQuery, reserved, json });
        const offers = encoders ? [...encoders.keys()] : rawResponse ? [] : ["application/json"];
        return { method: httpMethod, path, value: { method, binding, binder, offers, encoders, idField, checkId } };
      });
    }),
  );
}

function createEncoders<C>(
  { desc, http }: ServiceMethod<C>,
  options: CallOptions<C>,
  json: JsonOptions,
): ReadonlyMap<string, EventEncoder> {
  const rule = http.stream ?? {};
  const heartbeatMs = rule.heartbeatMs ?? options.heartbeatMs ?? defaultHeartbeatMs();
  const lines = [jsonLinesProfile, "application/jsonl", "application/x-ndjson"].map(
    (type) => new JsonLinesEncoder(type, desc.output, rule, heartbeatMs, json),
  );
  const encoders: readonly EventEncoder[] = [new SseEncoder(desc.output, rule, heartbeatMs, json), ...lines];
  return new Map(encoders.map((encoder) => [encoder.contentType, encoder]));
}

/** Bun closes a stream that is quiet for some ten seconds, and Workers notice that a client has gone only when they write. */
function defaultHeartbeatMs(): number {
  // Node 20 has no `navigator`, and not all types of runtimes know it.
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: string } };
  return "Bun" in globalThis || navigator?.userAgent === "Cloudflare-Workers" ? 5000 : 15_000;
}
