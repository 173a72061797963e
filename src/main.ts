import { runNodeJs } from "@bufbuild/protoplugin";
import { helpText } from "./help.js";
import { createPlugin } from "./plugin.js";

if (process.argv.includes("--help") || process.argv.includes("-h")) {
  process.stdout.write(helpText());
} else {
  runNodeJs(createPlugin((line) => process.stderr.write(`${line}\n`)));
}
