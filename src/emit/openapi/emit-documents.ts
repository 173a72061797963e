import type { Options } from "../../options.js";
import type { Emission } from "../output.js";
import { emitOpenApi } from "./openapi.js";
import type { OpenApiOptions } from "./openapi-options.js";

/** Emits the OpenAPI documents of the services. */
export function emitDocuments({ api, options, problems, addFile }: Emission): void {
  for (const { name, content } of emitOpenApi(api, openApiOptions(options), problems)) {
    addFile(name, content);
  }
}

function openApiOptions(options: Options): OpenApiOptions {
  return {
    versions: options.openapi,
    formats: options.openapi_format,
    output: options.openapi_output,
    title: options.openapi_title,
    apiVersion: options.openapi_version,
    servers: options.openapi_servers,
    protoNames: options.openapi_proto_names,
    enums: options.openapi_enum,
    oneofs: options.openapi_oneof,
    validate: options.openapi_validate,
    streams: options.openapi_streams,
    names: options.openapi_names,
    base: options.openapi_base,
  };
}
