import type { FileInfo, GeneratedFile, Schema } from "@bufbuild/protoplugin";

const LINE_WIDTH = 120;

/**
 * Makes a file. When it is complete, its imports are sorted, its long lines are wrapped, and `toPreamble` may change
 * its preamble: only then does protoplugin know what the file imports, and under which names.
 */
export function generateFile(
  schema: Schema,
  name: string,
  toPreamble: (preamble: string | undefined) => string | undefined = (preamble) => preamble,
): GeneratedFile {
  // protoplugin reads every file with this method, which it leaves out of the public type.
  const f = schema.generateFile(name) as GeneratedFile & { getFileInfo(): FileInfo };
  const { getFileInfo } = f;
  let complete: FileInfo | undefined; // protoplugin asks twice
  f.getFileInfo = () => {
    if (complete === undefined) {
      const { preamble, content, ...info } = getFileInfo();
      complete = { ...info, preamble: toPreamble(preamble), content: layOut(content) };
    }
    return { ...complete };
  };
  return f;
}

/** Sorts the imports at the top of a file, and wraps the lines of it that are too long. */
export function layOut(content: string): string {
  const [imports = ""] = /^(?:import .*\n)*/.exec(content) ?? [];
  const sorted = imports.split("\n").slice(0, -1).sort(compareImports);
  return [...sorted, content.slice(imports.length)].join("\n").replace(LONG_LINE, wrap);
}

/** Packages first, then by path; the sort is stable, so types stay before the values of the same module. */
function compareImports(a: string, b: string): number {
  const [fromA, fromB] = [moduleOf(a), moduleOf(b)];
  const byKind = Number(fromA.startsWith(".")) - Number(fromB.startsWith("."));
  return byKind !== 0 ? byKind : fromA < fromB ? -1 : fromA > fromB ? 1 : 0;
}

function moduleOf(line: string): string {
  return / from "(.*)";$/.exec(line)?.[1] ?? "";
}

/** Anchored, as each line would be tried from each of its characters otherwise. */
const LONG_LINE = new RegExp(`^[^\\n]{${LINE_WIDTH + 1},}`, "gm");

/** The start of an import, up to its names; of a function, a method or a call that is returned, up to what it takes. */
const WRAPPABLE = /^(import (?:type )?\{|\s*(?:export function |return )?[\w$.#]+(?:<[^()]*>)?\()/;

/** A line that is too long with one name, parameter or argument per line, as formatters do. */
function wrap(line: string): string {
  const [start] = WRAPPABLE.exec(line) ?? [];
  if (start === undefined) {
    return line;
  }
  const items = [""];
  let depth = 1;
  let at = start.length;
  for (; at < line.length; at++) {
    const char = line.charAt(at);
    if ("([{<".includes(char)) {
      depth++;
    } else if (")]}>".includes(char) && --depth === 0) {
      break;
    }
    if (char === "," && depth === 1) {
      items.push("");
    } else {
      items.push(items.pop() + char);
    }
  }
  const indent = /^ */.exec(line)?.[0];
  const isWhole = depth === 0 && items.some((item) => item.trim() !== "");
  return isWhole
    ? [start, ...items.map((item) => `${indent}  ${item.trim()},`), `${indent}${line.slice(at)}`].join("\n")
    : line;
}
