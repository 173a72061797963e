import type { DescField, DescMethod, DescService } from "@bufbuild/protobuf";
import type { FieldAnnotations, MethodAnnotations, ServiceAnnotations } from "./annotations.js";
import { readGoogleRules } from "./google.js";
import { defaultRules, readDetails, readNativeField, readNativeRules, readNativeService } from "./native.js";
import { readSebufMethodHeaders, readSebufQuery, readSebufRules, readSebufService } from "./sebuf.js";

/** Reads the options of a method; undefined if none of them binds it to HTTP. */
export type ReadMethod = (desc: DescMethod) => MethodAnnotations | undefined;

/** The option of the google dialect. */
export const GOOGLE = "(google.api.http)";

/** The dialects, by the option that binds a method. */
const dialects = {
  "(sse.v1.http)": readNativeRules,
  [GOOGLE]: readGoogleRules,
  "(sebuf.http.config)": readSebufRules,
};

/** The options that bind a method to HTTP. */
export const bindingOptions: readonly string[] = Object.keys(dialects);

/** Creates a reader for all dialects. With `defaultBinding`, methods without annotations have a default rule. */
export function createReader({ defaultBinding }: { defaultBinding: boolean }): ReadMethod {
  return (desc) => {
    const written = Object.entries(dialects).flatMap(([option, read]) => {
      const rules = read(desc);
      return rules === undefined ? [] : [{ option, rules }];
    });
    const rules = written[0]?.rules ?? (defaultBinding && !takesStream(desc) ? defaultRules(desc) : undefined);
    if (rules === undefined) {
      return undefined;
    }
    const { stream, headers } = readDetails(desc);
    return {
      dialects: written.map(({ option }) => option),
      rules,
      stream,
      headers: [...readSebufMethodHeaders(desc), ...headers],
    };
  };
}

/** The options of a service, in each dialect that has options for services. */
export function readService(desc: DescService): readonly ServiceAnnotations[] {
  return [readNativeService(desc), readSebufService(desc)];
}

/** The options of a field. */
export function readField(desc: DescField): FieldAnnotations {
  const native = readNativeField(desc);
  return { ...native, query: native.query ?? readSebufQuery(desc) };
}

/** Whether a method takes a stream of requests, which cannot be sent over HTTP and SSE. */
export function takesStream(desc: DescMethod): boolean {
  return desc.methodKind === "client_streaming" || desc.methodKind === "bidi_streaming";
}
