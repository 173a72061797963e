import { fstatSync, readSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { create, toBinary } from "@bufbuild/protobuf";
import { type CodeGeneratorResponse, CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import { helpText, introduction } from "./help.js";
import { init } from "./init.js";
import { createPlugin } from "./plugin.js";
import { didYouMean } from "./problems.js";
import { readRequest } from "./request.js";

const [argument, ...others] = process.argv.slice(2);
const plugin = createPlugin((line) => process.stderr.write(`${line}\n`));

if (argument === "--help" || argument === "-h" || argument === "help") {
  process.stdout.write(helpText());
} else if (argument === "--version" || argument === "-v") {
  process.stdout.write(`${plugin.name} ${plugin.version}\n`);
} else if (argument === "init") {
  try {
    process.stdout.write(init(others, process.cwd(), process.env["npm_config_user_agent"] ?? ""));
  } catch (error) {
    fail(`${plugin.name} init: ${error instanceof Error ? error.message : error}`);
  }
} else if (argument !== undefined) {
  const meant = didYouMean(argument, ["init", "--help", "--version"]);
  fail(`${plugin.name}: unknown argument "${argument}"${meant}: the arguments are init, --help and --version`);
} else if (isTerminal()) {
  fail(
    `${introduction}\n\nThere is no input here. To start a project: npx ${plugin.name} init. For all options: npx ${plugin.name} --help`,
  );
} else {
  try {
    write(plugin.run(readRequest(readInput())));
  } catch (error) {
    // Node would print the line of the bundle that threw, which is a long one.
    fail(`${plugin.name} ${plugin.version}: ${error instanceof Error ? error.stack : error}`);
  }
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

/** Whether the standard input is a terminal. `isatty` loads the streams of Node, so it is not asked about files and pipes. */
function isTerminal(): boolean {
  try {
    const stats = fstatSync(0);
    return !stats.isFile() && !stats.isFIFO() && isatty(0);
  } catch {
    return isatty(0); // older releases of Node cannot tell on Windows
  }
}

/**
 * Reads the standard input to its end. Loading the streams of Node takes longer than generating the code of a small file,
 * so the plugin reads and writes without them.
 */
function readInput(): Buffer {
  let input = Buffer.allocUnsafe(1 << 16);
  for (let length = 0; ; ) {
    const read = retry(() => readSync(0, input, length, input.length - length, null));
    if (read === 0) {
      return input.subarray(0, length);
    }
    length += read;
    if (length === input.length) {
      input = Buffer.concat([input], 2 * length); // a pipe gives 64 KiB at a time
    }
  }
}

/** Writes the response file by file: messages in parts, one after the other, are the message (protobuf.dev, Encoding). */
function write(response: CodeGeneratorResponse): void {
  const files = response.file.splice(0);
  writeBytes(toBinary(CodeGeneratorResponseSchema, response));
  for (const file of files) {
    writeBytes(toBinary(CodeGeneratorResponseSchema, create(CodeGeneratorResponseSchema, { file: [file] })));
  }
}

function writeBytes(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    written += retry(() => writeSync(1, bytes, written));
  }
}

/** Repeats what would block, as the other end of a pipe can make it non-blocking. At the end, Windows reports EOF. */
function retry(io: () => number): number {
  for (;;) {
    try {
      return io();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException; // what node:fs throws
      if (code === "EOF") {
        return 0;
      }
      if (code !== "EAGAIN") {
        throw error;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
