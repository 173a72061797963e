import type { DescEnum, DescFile, DescMessage, DescMethod } from "@bufbuild/protobuf";

/** The keywords of Python (The Python Language Reference, 2.3.1). */
const KEYWORDS =
  words(`False None True and as assert async await break class continue def del elif else except finally for
  from global if import in is lambda nonlocal not or pass raise return try while with yield`);

/** The builtins that a method in snake_case would hide from the annotations of its class. */
const BUILTINS =
  words(`abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile
  complex copyright credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals
  hasattr hash help hex id input int isinstance issubclass iter len license list locals map max memoryview min next object
  oct open ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple
  type vars zip`);

/** The public names of the base classes of clients. */
const OF_CLIENTS = words("aclose base_url close");

/** What every message of protobuf-py has. */
const OF_MESSAGES = words("clear_field desc from_binary from_json has_field self to_binary to_json");

/** The modules of the standard library. Python imports these, and not a folder of the same name. */
const STANDARD_LIBRARY =
  words(`abc argparse array ast asyncio atexit base64 bdb binascii bisect builtins bz2 cProfile calendar cmath cmd code
  codecs codeop collections colorsys compileall concurrent configparser contextlib contextvars copy copyreg csv
  ctypes curses dataclasses datetime dbm decimal difflib dis doctest email encodings ensurepip enum errno
  faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext
  glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib importlib inspect io ipaddress itertools
  json keyword linecache locale logging lzma mailbox marshal math mimetypes mmap modulefinder multiprocessing
  netrc ntpath numbers opcode operator optparse os pathlib pdb pickle pickletools pkgutil platform plistlib poplib
  posix posixpath pprint profile pstats pty pwd pyclbr pydoc pyexpat queue quopri random re readline reprlib
  resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtplib socket
  socketserver sqlite3 ssl stat statistics string stringprep struct subprocess symtable sys sysconfig syslog
  tabnanny tarfile tempfile termios textwrap this threading time timeit tkinter token tokenize tomllib trace
  traceback tracemalloc tty turtle types typing unicodedata unittest urllib uuid venv warnings wave weakref
  webbrowser wsgiref xml xmlrpc zipapp zipfile zipimport zlib zoneinfo`);

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}

export function isKeyword(name: string): boolean {
  return KEYWORDS.has(name);
}

export function isStandardModule(name: string): boolean {
  return STANDARD_LIBRARY.has(name);
}

/** `GetHTTPStatus` → `get_http_status`, `GETALL` → `getall`, `__proto__` → `proto`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .split("_")
    .filter((word) => word !== "")
    .join("_");
}

/** The name of a method of a client. What begins with an underscore belongs to the base class. */
export function methodName({ name }: DescMethod): string {
  const snake = snakeCase(name).replace(/^(?=\d|$)/, "rpc_");
  return isKeyword(snake) || BUILTINS.has(snake) || OF_CLIENTS.has(snake) ? `${snake}_` : snake;
}

/** `name`, or `longer` if the name occurs twice in `names`. */
export function uniqueName(name: string, longer: string, names: readonly string[]): string {
  return names.filter((other) => other === name).length > 1 ? longer : name;
}

/** What generated code must know of the messages that it uses: where they are, and their names. */
export interface MessageNames {
  /** The end of the name of the module of a file. */
  readonly suffix: "_pb2" | "_pb";
  /** Whether modules are imported relative to the module that imports them. */
  readonly isRelative: boolean;
  /** The module of a file without its suffix, as the parts of its path. */
  module(file: DescFile): readonly string[];
  /** The package of the library that has the file, if one has it. */
  libraryOf(file: DescFile): string | undefined;
  /** The class, in its module: `Outer.Inner`. */
  typeName(desc: DescMessage | DescEnum): string;
  /** Whether a message has a method that names the member of a oneof that is set, or an attribute with name and value. */
  readonly oneofs: "names" | "values";
  /** The attribute of a message for a oneof. */
  attribute(name: string): string;
}

/** As protoc names them: `a-b/c.d.proto` is `a_b.c.d_pb2`. */
const google: MessageNames = {
  suffix: "_pb2",
  isRelative: false,
  module: ({ name }) => name.replaceAll("-", "_").split(/[/.]/),
  libraryOf: ({ name }) => (name.startsWith("google/protobuf/") ? "google.protobuf" : undefined),
  typeName: (desc) => path(desc).join("."),
  oneofs: "names",
  attribute: (name) => name,
};

/** As protoc-gen-py names them: `class/c.d.proto` is `class_.c_d_pb`. */
const protobufPy: MessageNames = {
  suffix: "_pb",
  isRelative: true,
  module: ({ name }) => name.split("/").map(moduleName),
  libraryOf: ({ name }) => (name.startsWith("google/protobuf/") ? "protobuf.wkt.google.protobuf" : undefined),
  typeName: (desc) =>
    path(desc)
      .map((name) => escaped(name, (base) => isKeyword(base) || OF_MESSAGES.has(base) || SCALARS.has(base)))
      .map((name) => (name.startsWith("ext_") ? `pb_${name}` : name))
      .join("."),
  oneofs: "values",
  attribute: (name) => escaped(name, (base) => isKeyword(base) || OF_MESSAGES.has(base)),
};

export const messageNames = { google, "protobuf-py": protobufPy } as const;

/** The builtins that protobuf-py uses as types of fields, and that no class may hide. */
const SCALARS = words("bool bytes dict float int list str");

function moduleName(name: string): string {
  const component = escaped(name.replace(/\W/g, "_").replace(/^(?=\d)/, "_"), isKeyword);
  return /_pb_*$/.test(component) ? `${component}_` : component;
}

/** As protobuf-py does it: a reserved name gets an underscore, and what begins with one gets `pb_`. */
function escaped(name: string, isReserved: (base: string) => boolean): string {
  const unreserved = isReserved(name.replace(/_+$/, "")) ? `${name}_` : name;
  return /^(?:_|pb_)/.test(unreserved) ? `pb_${unreserved}` : unreserved;
}

function path(desc: DescMessage | DescEnum): string[] {
  return [...(desc.parent === undefined ? [] : path(desc.parent)), desc.name];
}
