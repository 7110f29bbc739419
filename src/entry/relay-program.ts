// The relay as the hook starts it, in the background, without stdio: what dist/relay.js loads.

import { explainProblem, loadConfig, mpmHome, pathsOf } from "../config/config.ts";
import { makeHome } from "../platform/directory.ts";
import { openLog } from "../platform/log.ts";
import { lowerPriority } from "../platform/process.ts";
import { type RelaySettings, runRelay } from "../relay/relay.ts";
import { leavingOf } from "../team/direct.ts";
import { userHomeOf } from "./user-home.ts";

// Its name is what a person sees in `ps`.
process.title = "mpm-relay";
process.umask(0o077);
lowerPriority();
const { env } = process;
const userHome = userHomeOf(env);
const paths = pathsOf(mpmHome(env, userHome));
makeHome(paths.home);
process.chdir(paths.home);

/** Until the settings say more. */
let log = openLog({ logLevel: "error", paths }, "relay");
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
process.on("SIGHUP", () => {}); // the terminal that it was started from may close
process.on("uncaughtException", (error) => {
  log.fatal({ err: error }, "the relay failed; the next hook starts another");
  process.exit(1);
});

function settings(): RelaySettings {
  const config = loadConfig({ ...env, MPM_HOME: paths.home }, userHome); // a relative one was meant from elsewhere
  log = openLog(config, "relay");
  for (const problem of config.problems) log.warn(explainProblem(problem, config.paths.config));
  return { config, log, leaving: leavingOf(config, log) };
}

await runRelay({ paths, settings, env, signal: stop.signal });
process.exit(0); // the timer of a backoff that was cut short would keep it for up to half a minute
