import type { Schema } from "@bufbuild/protoplugin";
import type { Api } from "../model/model.js";
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
