import { type DescMessage, type DescMethod, ScalarType } from "@bufbuild/protobuf";
import type { HttpBinding, MethodHttp } from "../../shared/method.js";

/** Adds what the descriptors know of a method, and tables for JSON types have to say. */
export function completeHttp({ input, output }: DescMethod, http: MethodHttp): MethodHttp {
  const complete = (binding: HttpBinding): HttpBinding => {
    const { body, responseBody } = binding;
    const content = body === "*" ? input : body && fieldMessage(input, body.field);
    const answer = responseBody === undefined ? output : fieldMessage(output, responseBody);
    return {
      ...binding,
      ...(isHttpBody(content) && { rawBody: true }),
      ...(isHttpBody(answer) && { rawResponse: true }),
    };
  };
  const [own, ...additional] = http.bindings;
  const id = output.fields.find(({ jsonName }) => jsonName === http.stream?.id);
  return {
    bindings: [complete(own), ...additional.map(complete)],
    // ProtoJSON takes the text of a number for the number, but not that of a bool.
    ...(http.stream && {
      stream: id?.scalar === ScalarType.BOOL ? { ...http.stream, idType: "boolean" } : http.stream,
    }),
  };
}

function fieldMessage(message: DescMessage, name: string): DescMessage | undefined {
  return message.fields.find(({ jsonName }) => jsonName === name)?.message;
}

function isHttpBody(message: DescMessage | undefined): boolean {
  return message?.typeName === "google.api.HttpBody";
}
