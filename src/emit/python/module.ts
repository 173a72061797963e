import type { Service } from "../../model/model.js";
import type { Imports } from "./imports.js";
import type { MessageNames } from "./names.js";

/** The module of a file, while it is printed. */
export interface Module {
  readonly services: readonly Service[];
  readonly messages: MessageNames;
  readonly imports: Imports;
  /** A name of the runtime. */
  runtime(name: string): string;
}
