// Loaded into a process that is measured: tells its parent at the end what it used.
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage = { cpu: (userCPUTime + systemCPUTime) / 1000, memory: maxRSS / 1024 };
  require("node:fs").writeSync(3, JSON.stringify(usage));
});
