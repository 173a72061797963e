import type { AnyDesc, DescFile } from "@bufbuild/protobuf";
import type { SourceCodeInfo_Location } from "@bufbuild/protobuf/wkt";

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

/** The comment in front of a declaration, or else the one behind it; empty when there is none. */
export function commentOf(desc: AnyDesc): string {
  const [location] = locationsAt(fileOf(desc), sourcePath(desc));
  return location?.leadingComments || location?.trailingComments || "";
}

/**
 * What the compiler knows of a path (SourceCodeInfo.Location in google/protobuf/descriptor.proto): more than
 * one location for options that are written in parts. Indexed, as the files of large APIs have 100,000.
 */
export function locationsAt(file: DescFile, path: readonly number[]): readonly SourceCodeInfo_Location[] {
  let index = indices.get(file);
  if (index === undefined) {
    index = new Map();
    for (const location of file.proto.sourceCodeInfo?.location ?? []) {
      const key = location.path.join();
      const known = index.get(key);
      if (known === undefined) {
        index.set(key, [location]);
      } else {
        known.push(location);
      }
    }
    indices.set(file, index);
  }
  return index.get(path.join()) ?? [];
}

/** The path of field numbers and indices that leads from the file's descriptor to a declaration. */
export function sourcePath(desc: AnyDesc): readonly number[] {
  let path = paths.get(desc);
  if (path === undefined) {
    path = findSourcePath(desc);
    paths.set(desc, path);
  }
  return path;
}

const indices = new WeakMap<DescFile, Map<string, SourceCodeInfo_Location[]>>();
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
