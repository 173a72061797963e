/** Some of openapiv3/OpenAPIv3.proto and annotations.proto of gnostic, by names and numbers, in a package of choice. */
export function gnosticProto(pkg: string): string {
  return `
    syntax = "proto3";
    package ${pkg};
    import "google/protobuf/any.proto";
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.FileOptions { Document document = 1143; }
    extend google.protobuf.MethodOptions { Operation operation = 1143; }
    extend google.protobuf.MessageOptions { Schema schema = 1143; }
    extend google.protobuf.FieldOptions { Schema property = 1143; }
    message Any { google.protobuf.Any value = 1; string yaml = 2; }
    message NamedAny { string name = 1; Any value = 2; }
    message Contact { string name = 1; string url = 2; string email = 3; }
    message License { string name = 1; string url = 2; }
    message Info {
      string title = 1; string description = 2; string terms_of_service = 3; Contact contact = 4; License license = 5;
      string version = 6; repeated NamedAny specification_extension = 7; string summary = 8;
    }
    message NamedServerVariable { string name = 1; ServerVariable value = 2; }
    message ServerVariable { repeated string enum = 1; string default = 2; string description = 3; }
    message ServerVariables { repeated NamedServerVariable additional_properties = 1; }
    message Server { string url = 1; string description = 2; ServerVariables variables = 3; }
    message StringArray { repeated string value = 1; }
    message NamedStringArray { string name = 1; StringArray value = 2; }
    message SecurityRequirement { repeated NamedStringArray additional_properties = 1; }
    message NamedString { string name = 1; string value = 2; }
    message Strings { repeated NamedString additional_properties = 1; }
    message OauthFlow { string authorization_url = 1; string token_url = 2; string refresh_url = 3; Strings scopes = 4; }
    message OauthFlows { OauthFlow implicit = 1; OauthFlow password = 2; OauthFlow client_credentials = 3; }
    message SecurityScheme {
      string type = 1; string description = 2; string name = 3; string in = 4; string scheme = 5; string bearer_format = 6;
      OauthFlows flows = 7;
    }
    message Reference { string _ref = 1; string summary = 2; string description = 3; }
    message SecuritySchemeOrReference { oneof oneof { SecurityScheme security_scheme = 1; Reference reference = 2; } }
    message NamedSecuritySchemeOrReference { string name = 1; SecuritySchemeOrReference value = 2; }
    message SecuritySchemesOrReferences { repeated NamedSecuritySchemeOrReference additional_properties = 1; }
    message Components { SecuritySchemesOrReferences security_schemes = 7; }
    message ExternalDocs { string description = 1; string url = 2; }
    message Tag { string name = 1; string description = 2; ExternalDocs external_docs = 3; }
    message Document {
      string openapi = 1; Info info = 2; repeated Server servers = 3; Components components = 5;
      repeated SecurityRequirement security = 6; repeated Tag tags = 7; ExternalDocs external_docs = 8;
      repeated NamedAny specification_extension = 9;
    }
    message Parameter {
      string name = 1; string in = 2; string description = 3; bool required = 4; SchemaOrReference schema = 10; Any example = 11;
    }
    message ParameterOrReference { oneof oneof { Parameter parameter = 1; Reference reference = 2; } }
    message Response { string description = 1; }
    message ResponseOrReference { oneof oneof { Response response = 1; Reference reference = 2; } }
    message NamedResponseOrReference { string name = 1; ResponseOrReference value = 2; }
    message Responses { ResponseOrReference default = 1; repeated NamedResponseOrReference response_or_reference = 2; }
    message Operation {
      repeated string tags = 1; string summary = 2; string description = 3; ExternalDocs external_docs = 4;
      string operation_id = 5; repeated ParameterOrReference parameters = 6; Responses responses = 8; bool deprecated = 10;
      repeated SecurityRequirement security = 11; repeated Server servers = 12; repeated NamedAny specification_extension = 13;
    }
    message ItemsItem { repeated SchemaOrReference schema_or_reference = 1; }
    message AdditionalPropertiesItem { oneof oneof { SchemaOrReference schema_or_reference = 1; bool boolean = 2; } }
    message DefaultType { oneof oneof { double number = 1; bool boolean = 2; string string = 3; } }
    message SchemaOrReference { oneof oneof { Schema schema = 1; Reference reference = 2; } }
    message Schema {
      bool nullable = 1; bool read_only = 3; bool write_only = 4; ExternalDocs external_docs = 6; Any example = 7;
      bool deprecated = 8; string title = 9; double multiple_of = 10; double maximum = 11; bool exclusive_maximum = 12;
      double minimum = 13; bool exclusive_minimum = 14; int64 max_length = 15; int64 min_length = 16; string pattern = 17;
      repeated string required = 23; repeated Any enum = 24; string type = 25; repeated SchemaOrReference one_of = 27;
      ItemsItem items = 30; AdditionalPropertiesItem additional_properties = 32; DefaultType default = 33;
      string description = 34; string format = 35; repeated NamedAny specification_extension = 36;
    }
  `;
}

/** Some of google/api/visibility.proto and field_behavior.proto, by names and numbers. */
export const googleProtos: Readonly<Record<string, string>> = {
  "google/api/visibility.proto": `
    syntax = "proto3";
    package google.api;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.FieldOptions { VisibilityRule field_visibility = 72295727; }
    extend google.protobuf.MethodOptions { VisibilityRule method_visibility = 72295727; }
    extend google.protobuf.ServiceOptions { VisibilityRule api_visibility = 72295727; }
    message VisibilityRule { string selector = 1; string restriction = 2; }
  `,
  "google/api/field_behavior.proto": `
    syntax = "proto3";
    package google.api;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.FieldOptions { repeated FieldBehavior field_behavior = 1052; }
    enum FieldBehavior {
      FIELD_BEHAVIOR_UNSPECIFIED = 0; OPTIONAL = 1; REQUIRED = 2; OUTPUT_ONLY = 3; INPUT_ONLY = 4; IMMUTABLE = 5;
      UNORDERED_LIST = 6; NON_EMPTY_DEFAULT = 7; IDENTIFIER = 8; LATER = 99;
    }
  `,
};
