import type { Schema } from "@bufbuild/protoplugin";
import type { Api } from "../model/model.js";
import type { Options } from "../options.js";
import type { Problems } from "../problems.js";

/** What an emitter works with. */
export interface Emission {
  readonly api: Api;
  readonly options: Options;
  /** Takes what a target has no form for. */
  readonly problems: Problems;
  /** Makes TypeScript files, which become JavaScript and declarations as `target` says. */
  readonly schema: Schema;
  /** Adds a file that is none of TypeScript's. Names are unique; the model has seen to it. */
  addFile(name: string, content: string): void;
}

/** Turns the model into files of one kind. */
export type Emitter = (emission: Emission) => void;
