import type { DescMessage, DescMethod, DescService } from "@bufbuild/protobuf";

/**
 * The exported identifier of a proto name, as protoc-gen-go makes it: a dotted name of a message within its file, or a
 * name of a method. `_` and `.` before a lower-case letter are dropped and the letter is raised; another `.` becomes `_`,
 * and a `_` at the beginning becomes `X`.
 */
export function goName(name: string): string {
  return name
    .replace(/(^|\.)_/g, "$1X")
    .replace(/\.(?=[a-z])/g, "\u0000")
    .replaceAll(".", "_\u0000")
    .replace(/_(?=[a-z])/g, "\u0000")
    .replace(/(^|[^A-Za-z])([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase())
    .replaceAll("\u0000", "");
}

/** The name of the Go type of a message, in the package of its file. */
export function messageName({ typeName, file }: DescMessage): string {
  const scope = file.proto.package;
  return goName(scope === "" ? typeName : typeName.slice(scope.length + 1));
}

export function methodName({ name }: DescMethod): string {
  return goName(name);
}

export function serviceName({ name }: DescService): string {
  return goName(name);
}

/** An identifier that is not exported. */
export function unexported(name: string): string {
  return name.replace(/^[A-Z]+(?=$|[A-Z][a-z]|[^A-Za-z])|^[A-Z]/, (start) => start.toLowerCase());
}

const KEYWORDS = new Set(
  (
    "break case chan const continue default defer else fallthrough for func go goto if import interface map package " +
    "range return select struct switch type var"
  ).split(" "),
);

/** The name of a package from a part of its import path: other characters become `_`. */
export function packageName(text: string): string {
  const name = text.replace(/[^\p{L}\p{Nd}_]/gu, "_");
  return KEYWORDS.has(name) || !/^[\p{L}_]/u.test(name) ? `_${name}` : name;
}
