// The monitor in the background, as the relay, the installer and `mpm monitor start` start it: what dist/monitor.js loads.

import { explainProblem, loadConfig } from "../config/config.ts";
import { textOf } from "../contract/texts.ts";
import { startMonitor } from "../monitor/server.ts";
import { makeHome } from "../platform/directory.ts";
import { openLog } from "../platform/log.ts";
import { lowerPriority } from "../platform/process.ts";
import { userHomeOf } from "./user-home.ts";

process.title = "mpm-monitor";
process.umask(0o077);
lowerPriority();
const { env } = process;
const config = loadConfig(env, userHomeOf(env));
makeHome(config.paths.home);
const log = openLog(config, "monitor");
for (const problem of config.problems) log.warn(explainProblem(problem, config.paths.config));
process.on("SIGHUP", () => {});
process.stderr.on("error", () => {}); // who started it listens only until it is ready
process.on("uncaughtException", (error) => {
  log.fatal({ err: error }, "the monitor failed");
  process.exit(1);
});

/** One that is asked to end while it starts ends when it has, or after this long, as a kill would end it. */
const START_TO_END_MS = 1000;
let isStarting = true;
const stopped = new Promise<void>((resolve) => {
  const stop = () => {
    resolve();
    if (isStarting) setTimeout(() => process.exit(0), START_TO_END_MS);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, stop);
});

const port = process.argv.find((argument) => /^--port=\d+$/.test(argument))?.slice("--port=".length);
const started = await startMonitor({
  config,
  log,
  env,
  host: config.monitorHost,
  port: port === undefined ? config.monitorPort : Number(port),
  allowRemote: config.monitorAllowRemote,
  autostarted: process.argv.includes("--autostarted"),
  now: Date.now,
});
if (!started.ok) {
  log.warn({ reason: started.reason }, `the monitor does not start: ${textOf(started.reason)}`);
  process.stderr.write(`${JSON.stringify(started.reason)}\n`); // for `mpm run`, which waits for it
  process.exit(1);
}
isStarting = false;
const monitor = started.value;
await Promise.race([monitor.over, stopped]);
await monitor.close();
process.exit(0);
