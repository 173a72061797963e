import { create, createFileRegistry, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type DescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

/** A field of a message that a test declares; a type name makes it a message. */
export interface FieldInit {
  readonly name: string;
  readonly type: "string" | "bytes" | "int32" | "bool" | `.${string}`;
  readonly repeated?: boolean;
  /** Where it differs from the name. */
  readonly jsonName?: string;
}

/**
 * The messages of a proto3 file, declared in place where a test needs shapes that no proto of
 * `test/proto` has. `types` are the messages' names with their fields, numbered from 1.
 */
export function buildMessages(
  packageName: string,
  types: Readonly<Record<string, readonly FieldInit[]>>,
): (name: string) => DescMessage {
  const file = create(FileDescriptorProtoSchema, {
    name: `${packageName}.proto`,
    package: packageName,
    syntax: "proto3",
    messageType: Object.entries(types).map(([name, fields]) => ({ name, field: fields.map(fieldProto) })),
  });
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));
  return (name) => {
    const message = registry.getMessage(`${packageName}.${name}`);
    if (message === undefined) {
      throw new Error(`no message "${name}" was declared`);
    }
    return message;
  };
}

const TYPES = {
  string: FieldDescriptorProto_Type.STRING,
  bytes: FieldDescriptorProto_Type.BYTES,
  int32: FieldDescriptorProto_Type.INT32,
  bool: FieldDescriptorProto_Type.BOOL,
} as const;

function fieldProto({ name, type, repeated = false, jsonName = name }: FieldInit, index: number): FieldProtoInit {
  return {
    name,
    jsonName,
    number: index + 1,
    label: repeated ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL,
    ...(isTypeName(type) ? { type: FieldDescriptorProto_Type.MESSAGE, typeName: type } : { type: TYPES[type] }),
  };
}

type FieldProtoInit = NonNullable<MessageInitShape<typeof DescriptorProtoSchema>["field"]>[number];

function isTypeName(type: FieldInit["type"]): type is `.${string}` {
  return type.startsWith(".");
}
