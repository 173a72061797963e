// @ts-check
/** Programs in other languages that measure. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * Starts a program that does the work of a subject for each line of its input, the subject's name, and answers with a
 * line of JSON. It ends with its input.
 * @param {string} command @param {string[]} [args]
 */
export function startWorker(command, args = []) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  child.stdin.on("error", () => {}); // it has failed, and says so on standard error
  /** @param {string} name @returns {Promise<any>} */
  const ask = async (name) => {
    child.stdin.write(`${name}\n`);
    const { value, done } = await answers.next();
    if (done) {
      throw new Error(`${command} ended at "${name}"`);
    }
    return JSON.parse(value);
  };
  return {
    ask,
    close: () => child.stdin.end(),
  };
}
