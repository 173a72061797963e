import { type DescField, ScalarType } from "@bufbuild/protobuf";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

/** The text of buf/validate/validate.proto, printed from the descriptor that protovalidate brings: names, numbers, types. */
export function validateProto(): string {
  const { enums, messages, extensions } = file_buf_validate_validate;
  return [
    'syntax = "proto2";',
    "package buf.validate;",
    ...file_buf_validate_validate.dependencies.map(({ name }) => `import "${name}.proto";`),
    ...enums.map((desc) =>
      block(
        `enum ${desc.name}`,
        desc.values.map((v) => `${v.name} = ${v.number};`),
      ),
    ),
    ...messages.map((desc) =>
      block(`message ${desc.name}`, [
        ...desc.fields
          .filter(({ oneof }) => oneof === undefined)
          .map((field) => `${label(field)} ${declaration(field)}`),
        ...desc.oneofs.map((oneof) => block(`oneof ${oneof.name}`, oneof.fields.map(declaration))),
        ...desc.proto.extensionRange.map(({ start = 0, end = 1 }) => `extensions ${start} to ${end - 1};`),
      ]),
    ),
    ...extensions.map((desc) =>
      block(`extend ${desc.extendee.typeName}`, [`optional ${desc.message?.typeName} ${desc.name} = ${desc.number};`]),
    ),
  ].join("\n");
}

function block(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines.join("\n")}\n}`;
}

function label({ fieldKind }: DescField): string {
  return fieldKind === "list" ? "repeated" : "optional";
}

function declaration(field: DescField): string {
  const { message, enum: enumeration, scalar, name, number } = field;
  const type = message?.typeName ?? enumeration?.typeName ?? (scalar && ScalarType[scalar].toLowerCase());
  return `${type === undefined || type.includes(".") ? `.${type}` : type} ${name} = ${number};`;
}
