/** `make corpus`: all of googleapis, a few dozen packages at a time. Says what was made of it, and what was refused. */
import { cacheFolder } from "../golden-code.js";
import { checkPackages, type Report } from "./check.js";
import { loadCorpus } from "./corpus.js";

const AT_A_TIME = 40;

const packages = loadCorpus();
const reports: Report[] = [];
for (let at = 0; at < packages.length; at += AT_A_TIME) {
  const some = packages.slice(at, at + AT_A_TIME);
  console.log(`${at + some.length} of ${packages.length}: ${some[0]?.folder} … ${some.at(-1)?.folder}`);
  const report = await checkPackages(some, cacheFolder("corpus"));
  for (const line of [...report.refused, ...report.invalid, report.compiler]) {
    if (line !== "") {
      console.log(line);
    }
  }
  reports.push(report);
}

const total = (key: "packages" | "services" | "methods" | "streams" | "bindings" | "sources" | "documents") =>
  `${reports.reduce((sum, report) => sum + report[key], 0)} ${key}`;
const listed = (key: "refused" | "warnings" | "invalid") => reports.flatMap((report) => report[key]);
const broken = reports.filter(({ compiler }) => compiler !== "").length;
console.log(
  `generated: ${[total("packages"), total("services"), total("methods"), total("streams"), total("bindings")].join(", ")}`,
);
console.log(`compiled:  ${total("sources")}, ${broken === 0 ? "no error" : `errors in ${broken} runs`}`);
console.log(`validated: ${total("documents")}, ${listed("invalid").length} findings`);
console.log(`refused:   ${listed("refused").length} problems; ${listed("warnings").length} warnings`);
process.exitCode = broken > 0 || listed("invalid").length > 0 ? 1 : 0;
