import type { DescField, DescMethod, DescService } from "@bufbuild/protobuf";
import {
  document,
  type FieldDocument,
  field_document,
  type MethodDocument,
  type ServiceDocument,
  service_document,
} from "../gen/sse/v1/annotations_pb.js";
import type { Place } from "../problems.js";
import { readOption } from "./option.js";
import { optionPlace } from "./option-place.js";

/** An option about documents as the author wrote it, and the place of each value in it by its field numbers. */
export interface DocumentAnnotation<T> {
  readonly rule: T;
  readonly at: (...path: number[]) => Place;
}

/** `(sse.v1.document)` */
export function readMethodDocument(desc: DescMethod): DocumentAnnotation<MethodDocument> | undefined {
  const rule = readOption(desc, document);
  return rule && { rule, at: (...path) => optionPlace(desc, document, ...path) };
}

/** `(sse.v1.service_document)` */
export function readServiceDocument(desc: DescService): DocumentAnnotation<ServiceDocument> | undefined {
  const rule = readOption(desc, service_document);
  return rule && { rule, at: (...path) => optionPlace(desc, service_document, ...path) };
}

/** `(sse.v1.field_document)` */
export function readFieldDocument(desc: DescField): DocumentAnnotation<FieldDocument> | undefined {
  const rule = readOption(desc, field_document);
  return rule && { rule, at: (...path) => optionPlace(desc, field_document, ...path) };
}
