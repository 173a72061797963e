import type { AnyDesc, DescFile } from "@bufbuild/protobuf";
import type { FileDescriptorProto, SourceCodeInfo_Location } from "@bufbuild/protobuf/wkt";

/** The file that declares something. */
export function fileOf(desc: AnyDesc): DescFile {
  switch (desc.kind) {
    case "file":
      return desc;
    case "message":
    case "enum":
    case "service":
    case "extension":
      return desc.file;
    default:
      return desc.parent.file;
  }
}

/** The comment before a declaration, or else the one after it; empty if there is no comment. */
export function commentOf(desc: AnyDesc): string {
  const file = fileOf(desc);
  let byPath = comments.get(file);
  if (byPath === undefined) {
    byPath = new Map();
    for (const { path, leadingComments, trailingComments } of file.proto.sourceCodeInfo?.location ?? []) {
      const comment = leadingComments || trailingComments;
      const key = comment ? path.join() : "";
      if (comment && !byPath.has(key)) {
        byPath.set(key, comment);
      }
    }
    comments.set(file, byPath);
  }
  return byPath.get(sourcePath(desc).join()) ?? "";
}

/** Says how all locations of a file are found, if its `sourceCodeInfo` has only those with comments. */
export function setLocations(file: FileDescriptorProto, read: () => readonly SourceCodeInfo_Location[]): void {
  allLocations.set(file, read);
}

const allLocations = new WeakMap<FileDescriptorProto, () => readonly SourceCodeInfo_Location[]>();

/** The comments of a file by their paths. The locations, of which large APIs have a million, are not kept. */
const comments = new WeakMap<DescFile, Map<string, string>>();

/**
 * What the compiler knows of a path (SourceCodeInfo.Location in google/protobuf/descriptor.proto): more than
 * one location for options that are written in parts. Indexed, as the files of large APIs have 100,000.
 */
export function locationsAt(file: DescFile, path: readonly number[]): readonly SourceCodeInfo_Location[] {
  if (file !== indexed) {
    index = new Map();
    for (const location of allLocations.get(file.proto)?.() ?? file.proto.sourceCodeInfo?.location ?? []) {
      const key = location.path.join();
      const known = index.get(key);
      if (known === undefined) {
        index.set(key, [location]);
      } else {
        known.push(location);
      }
    }
    indexed = file;
  }
  return index.get(path.join()) ?? [];
}

/** The file that was looked up last, and its locations by their paths. */
let indexed: DescFile | undefined;
let index = new Map<string, SourceCodeInfo_Location[]>();

/** The path of field numbers and indices that leads from the file's descriptor to a declaration. */
export function sourcePath(desc: AnyDesc): readonly number[] {
  let path = paths.get(desc);
  if (path === undefined) {
    path = findSourcePath(desc);
    paths.set(desc, path);
  }
  return path;
}

const paths = new WeakMap<AnyDesc, readonly number[]>();

/** By the field numbers of google/protobuf/descriptor.proto. */
function findSourcePath(desc: AnyDesc): readonly number[] {
  switch (desc.kind) {
    case "file":
      return [desc.proto.package === "" ? 12 : 2]; // its `syntax`, or its `package`
    case "message":
      return desc.parent
        ? [...sourcePath(desc.parent), 3, desc.parent.proto.nestedType.indexOf(desc.proto)]
        : [4, desc.file.proto.messageType.indexOf(desc.proto)];
    case "enum":
      return desc.parent
        ? [...sourcePath(desc.parent), 4, desc.parent.proto.enumType.indexOf(desc.proto)]
        : [5, desc.file.proto.enumType.indexOf(desc.proto)];
    case "extension":
      return desc.parent
        ? [...sourcePath(desc.parent), 6, desc.parent.proto.extension.indexOf(desc.proto)]
        : [7, desc.file.proto.extension.indexOf(desc.proto)];
    case "service":
      return [6, desc.file.proto.service.indexOf(desc.proto)];
    case "rpc":
      return [...sourcePath(desc.parent), 2, desc.parent.proto.method.indexOf(desc.proto)];
    case "field":
      return [...sourcePath(desc.parent), 2, desc.parent.proto.field.indexOf(desc.proto)];
    case "oneof":
      return [...sourcePath(desc.parent), 8, desc.parent.proto.oneofDecl.indexOf(desc.proto)];
    case "enum_value":
      return [...sourcePath(desc.parent), 2, desc.parent.proto.value.indexOf(desc.proto)];
  }
}
