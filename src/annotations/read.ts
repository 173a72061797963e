import type { DescMethod } from "@bufbuild/protobuf";
import type { MethodAnnotations } from "./annotations.js";
import { defaultMethod, readNativeMethod } from "./native.js";

/** Finds what was written on a method; undefined when nothing binds it to HTTP. */
export type ReadMethod = (desc: DescMethod) => MethodAnnotations | undefined;

/** A reader of every dialect. With `defaultBinding` a method that HTTP can carry needs no annotation. */
export function createReader({ defaultBinding }: { defaultBinding: boolean }): ReadMethod {
  return (desc) => readNativeMethod(desc) ?? (defaultBinding && !takesStream(desc) ? defaultMethod(desc) : undefined);
}

/** Whether a method is declared with a stream of requests, which HTTP and SSE have no form for. */
export function takesStream(desc: DescMethod): boolean {
  return desc.methodKind === "client_streaming" || desc.methodKind === "bidi_streaming";
}
