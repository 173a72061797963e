import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromJson,
  type Message,
  type MessageInitShape,
  type MessageShape,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import { findJsonError } from "../../shared/json-error.js";
import type { MethodHttp } from "../../shared/method.js";
import type { Validator } from "../../shared/validator.js";
import type { ClientMethod } from "../request/method.js";
import { checkMessage } from "./check-message.js";
import { createMessageError } from "./message-error.js";
import { readDetail } from "./read-detail.js";

/** What a client of protobuf-es messages deals in. */
export interface EsKinds {
  readonly method: DescMethod;
  readonly message: Message;
  readonly settings: MessageSettings;
}

/** How messages are read and checked. */
export interface MessageSettings {
  /** The types that messages of google.protobuf.Any hold, and extensions. Default: none. */
  readonly registry?: Registry | undefined;
  /** Checks requests before they are sent, and responses and events before they are handed out. Default: none. */
  readonly validator?: Validator | undefined;
}

/** A method of a service, by its name in TypeScript. */
type MethodOf<S extends DescService, N extends keyof S["method"]> = DescMethod & {
  readonly input: S["method"][N]["input"];
  readonly output: S["method"][N]["output"];
};

/**
 * A method of a service, by its name in TypeScript; called by generated code. The name is an argument of its own,
 * because bundlers do not drop an unused `defineMethod(Service.method.name)`: a property may have a getter with effects.
 */
export function defineMethod<S extends DescService, N extends keyof S["method"]>(
  service: S,
  name: N,
  http: MethodHttp,
): ClientMethod<MessageInitShape<MethodOf<S, N>["input"]>, MessageShape<MethodOf<S, N>["output"]>, EsKinds> {
  const methods: S["method"] = service.method;
  // The plugin names a method of the service.
  return createMethod(methods[name] as MethodOf<S, N>, http);
}

function createMethod<I extends DescMessage, O extends DescMessage>(
  desc: DescMethod & { readonly input: I; readonly output: O },
  http: MethodHttp,
): ClientMethod<MessageInitShape<I>, MessageShape<O>, EsKinds> {
  const { input, output }: { readonly input: I; readonly output: O } = desc;
  return {
    desc,
    http,
    prepare: (request) => create(input, request),
    encode(message, { registry, validator }) {
      checkMessage(validator, input, message);
      return toJson(input as DescMessage, message, { registry });
    },
    decode(json, { registry, validator }) {
      const options = { registry, ignoreUnknownFields: true };
      let message: MessageShape<O>;
      try {
        message = fromJson(output, json, options);
      } catch (cause) {
        const { message } = cause as Error; // of protobuf-es
        throw createMessageError(message, {
          path: findJsonError(output, json, cause, options, (_, key) => key)?.path ?? "",
          cause,
        });
      }
      checkMessage(validator, output, message);
      return message;
    },
    readDetail: (schema, json, { registry }) => readDetail(schema, json, registry),
  };
}
