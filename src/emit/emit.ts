import type { Options } from "../options.js";
import { emitDocuments } from "./openapi/emit-documents.js";
import type { Emission, Emitter } from "./output.js";
import { clientModule, emitRuntime, type RuntimeModule } from "./runtime.js";
import { emitClient } from "./typescript/client.js";
import { emitServer } from "./typescript/server.js";

/** The emitter for each value of the option `emit`, and the module of the runtime that its code imports. */
const emitters: Record<Options["emit"][number], { emit: Emitter; runtime?: (options: Options) => RuntimeModule }> = {
  client: { emit: emitClient, runtime: clientModule },
  server: { emit: emitServer, runtime: () => "server" },
  openapi: { emit: emitDocuments },
};

/** Emits the files that the options select; nothing if there is no service. */
export function emitAll(emission: Emission): void {
  const { api, options } = emission;
  if (api.services.length === 0) {
    return;
  }
  const wanted = [...new Set(options.emit)].map((name) => emitters[name]);
  for (const { emit } of wanted) {
    emit(emission);
  }
  emitRuntime(
    emission,
    wanted.flatMap(({ runtime }) => runtime?.(options) ?? []),
  );
}
