import { readSync, writeSync } from "node:fs";
import { create, toBinary } from "@bufbuild/protobuf";
import { type CodeGeneratorResponse, CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import { helpText } from "./help.js";
import { createPlugin } from "./plugin.js";
import { readRequest } from "./request.js";

const [argument] = process.argv.slice(2);
const plugin = createPlugin((line) => process.stderr.write(`${line}\n`));

if (argument === "--help" || argument === "-h") {
  process.stdout.write(helpText());
} else if (argument === "--version" || argument === "-v") {
  process.stdout.write(`${plugin.name} ${plugin.version}\n`);
} else if (argument !== undefined) {
  process.stderr.write(`${plugin.name}: unknown argument "${argument}": protoc or buf runs the plugin, see --help\n`);
  process.exitCode = 1;
} else {
  try {
    write(plugin.run(readRequest(readInput())));
  } catch (error) {
    // Node would print the line of the bundle that threw, which is a long one.
    process.stderr.write(`${plugin.name} ${plugin.version}: ${error instanceof Error ? error.stack : error}\n`);
    process.exitCode = 1;
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
