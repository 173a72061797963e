import type { DescField, DescMethod, DescService } from "@bufbuild/protobuf";
import type { FieldAnnotations, MethodAnnotations, ServiceAnnotations } from "./annotations.js";
import { readGoogleRules } from "./google.js";
import { defaultRules, readDetails, readNativeField, readNativeRules, readNativeService } from "./native.js";
import { readSebufMethodHeaders, readSebufQuery, readSebufRules, readSebufService } from "./sebuf.js";

/** Finds what was written on a method; undefined when nothing binds it to HTTP. */
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

/** A reader of every dialect. With `defaultBinding` a method that HTTP can carry needs no annotation. */
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

/** What was written on a service, in each dialect that has something for services. */
export function readService(desc: DescService): readonly ServiceAnnotations[] {
  return [readNativeService(desc), readSebufService(desc)];
}

/** What was written on a field. */
export function readField(desc: DescField): FieldAnnotations {
  const native = readNativeField(desc);
  return { ...native, query: native.query ?? readSebufQuery(desc) };
}

/** Whether a method is declared with a stream of requests, which HTTP and SSE have no form for. */
export function takesStream(desc: DescMethod): boolean {
  return desc.methodKind === "client_streaming" || desc.methodKind === "bidi_streaming";
}
