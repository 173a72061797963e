/** The files of sebuf that declare the options which are read, by names and numbers. */
export const sebufProtos: Readonly<Record<string, string>> = {
  "sebuf/http/annotations.proto": `
    syntax = "proto3";
    package sebuf.http;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.MethodOptions { HttpConfig config = 50003; }
    extend google.protobuf.ServiceOptions { ServiceConfig service_config = 50004; }
    extend google.protobuf.FieldOptions { FieldExamples field_examples = 50007; QueryConfig query = 50008; }
    extend google.protobuf.FieldOptions { bool unwrap = 50009; bool nullable = 50013; }
    message HttpConfig { string path = 1; HttpMethod method = 2; bool stream = 3; }
    enum HttpMethod { UNSPECIFIED = 0; GET = 1; POST = 2; PUT = 3; DELETE = 4; PATCH = 5; }
    message ServiceConfig { string base_path = 1; }
    message FieldExamples { repeated string values = 1; }
    message QueryConfig { string name = 1; bool required = 2; }
  `,
};
