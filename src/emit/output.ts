import type { DescFile } from "@bufbuild/protobuf";
import type { Schema } from "@bufbuild/protoplugin";
import type { Api, Service } from "../model/model.js";
import type { Options } from "../options.js";
import type { Problems } from "../problems.js";

/** What an emitter works with. */
export interface Emission {
  readonly api: Api;
  readonly options: Options;
  /** Receives what a target cannot express. */
  readonly problems: Problems;
  /** Creates TypeScript files. The option `target` decides what they are compiled to. */
  readonly schema: Schema;
  /** Adds a file that is not TypeScript. The model makes sure that names are unique. */
  addFile(name: string, content: string): void;
}

/** Turns the model into files of one kind. */
export type Emitter = (emission: Emission) => void;

/** The services by the file that declares them, in the order of the request. */
export function servicesByFile({ services }: Api): Map<DescFile, Service[]> {
  const files = new Map<DescFile, Service[]>();
  for (const service of services) {
    files.set(service.desc.file, [...(files.get(service.desc.file) ?? []), service]);
  }
  return files;
}
