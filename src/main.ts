import { runNodeJs } from "@bufbuild/protoplugin";
import { createPlugin } from "./plugin.js";

runNodeJs(createPlugin((line) => process.stderr.write(`${line}\n`)));
