import {
  create,
  createRegistry,
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
import { pathToString } from "@bufbuild/protobuf/reflect";
import { AnySchema, anyUnpack } from "@bufbuild/protobuf/wkt";
import { decodeJson } from "../../shared/codec/decode-json.js";
import type { JsonObject } from "../../shared/json.js";
import { findJsonError } from "../../shared/json-error.js";
import type { MethodHttp } from "../../shared/method.js";
import type { Validator } from "../../shared/validator.js";
import type { MessageError } from "../request/errors.js";
import type { ClientMethod } from "../request/method.js";

/** The kinds of a client of protobuf-es messages. */
export interface EsKinds {
  readonly method: DescMethod;
  readonly message: Message;
  readonly settings: MessageSettings;
}

/** How messages are read and checked. */
export interface MessageSettings {
  /** The types of messages in google.protobuf.Any, and extensions. Default: none. */
  readonly registry?: Registry | undefined;
  /** Checks requests before they are sent, and responses and events before they are returned. Default: none. */
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
    createDecoder({ registry, validator }) {
      const options = { registry, ignoreUnknownFields: true };
      return (json) => {
        let message: MessageShape<O>;
        try {
          message = decodeJson(output, json, options);
        } catch (cause) {
          const { message } = cause as Error; // of protobuf-es
          throw createMessageError(message, {
            path: findJsonError(output, json, cause, options, (_, key) => key)?.path ?? "",
            cause,
          });
        }
        checkMessage(validator, output, message);
        return message;
      };
    },
    readDetail: (schema, json, { registry }) => readDetail(schema, json, registry),
  };
}

/** Throws an error with the rules that a message breaks, or for rules that cannot be run. */
function checkMessage(validator: Validator | undefined, schema: DescMessage, message: Message): void {
  const result = validator?.validate(schema, message);
  if (result?.kind === "error") {
    const cause = result.error;
    throw createMessageError(`the rules of ${schema.typeName} cannot be run: ${cause}`, { cause });
  }
  if (result?.kind === "invalid") {
    const { violations } = result;
    const paths = violations.map(({ field }) => pathToString(field));
    const rules = violations.map(({ message, ruleId }, index) => `"${paths[index]}" ${message || ruleId}`);
    const path = paths[0] || undefined;
    throw createMessageError(`${schema.typeName} breaks its rules: ${rules.join(", ")}`, { path, violations });
  }
}

/** The reason why a message cannot be encoded or decoded, with the details that the error of the call repeats. */
function createMessageError(
  message: string,
  details: Pick<MessageError, "path" | "violations" | "cause">,
): MessageError {
  return Object.assign(new Error(message), details);
}

/**
 * The message of an error's detail; undefined if it is not of the schema. Read as an Any, since the JSON of messages
 * like Duration is in `value`.
 */
function readDetail(
  schema: { readonly typeName: string },
  json: JsonObject,
  registry: Registry | undefined,
): Message | undefined {
  // `findDetails` takes schemas of protoc-gen-es only.
  const desc = schema as DescMessage;
  try {
    const types = registry ? createRegistry(registry, desc) : createRegistry(desc);
    return anyUnpack(fromJson(AnySchema, json, { registry: types, ignoreUnknownFields: true }), desc);
  } catch {
    return undefined;
  }
}
