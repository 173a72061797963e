import { languageOf, type Options } from "../options.js";
import { emitGo } from "./go/file.js";
import { emitDocuments } from "./openapi/emit-documents.js";
import type { Emission, Emitter } from "./output.js";
import { emitClient as emitPythonClient } from "./python/client.js";
import { clientModule, emitRuntime, type RuntimeModule } from "./runtime.js";
import { emitClient } from "./typescript/client.js";
import { emitServer } from "./typescript/server.js";

type Emitters = Partial<
  Record<Options["emit"][number], { emit: Emitter; runtime?: (options: Options) => RuntimeModule }>
>;

const openapi = { emit: emitDocuments };

/** One file has both, and the place of the runtime follows from the files. */
const go = { emit: emitGo };

/** For each language, the emitter of each value of the option `emit`, and the module of the runtime that its code imports. */
const emitters: Record<ReturnType<typeof languageOf>, Emitters> = {
  TypeScript: {
    client: { emit: emitClient, runtime: clientModule },
    server: { emit: emitServer, runtime: () => "server" },
    openapi,
  },
  Python: { client: { emit: emitPythonClient, runtime: () => "client.py" }, openapi },
  Go: { client: go, server: go, openapi },
};

/** Emits the files that the options select; nothing if there is no service. */
export function emitAll(emission: Emission): void {
  const { api, options } = emission;
  if (api.services.length === 0) {
    return;
  }
  const wanted = new Set(options.emit.flatMap((name) => emitters[languageOf(options)][name] ?? []));
  for (const { emit } of wanted) {
    emit(emission);
  }
  emitRuntime(
    emission,
    [...wanted].flatMap(({ runtime }) => runtime?.(options) ?? []),
  );
}
