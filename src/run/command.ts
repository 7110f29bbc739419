// mpm run: Claude Code with agents deployed, hooks recording and, if wanted, the monitor open. What is slow happens at once.
// - Whatever of it fails is a warning: the session goes on.
// - From then on everything is as if Claude Code had been started alone.

import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { deployAgents } from "../agents/deploy.ts";
import { reportProblems } from "../agents/report.ts";
import { projectOf } from "../agents/tiers.ts";
import { locateHost } from "../install/host.ts";
import { EXIT, type Io, plural, printable, UsageError } from "../terminal.ts";
import { hooksFor } from "./hooks.ts";
import { become, endAs, NOT_FOUND } from "./host.ts";
import type { Readiness } from "./monitor.ts";
import { openSteps, type Steps } from "./steps.ts";

const HELP = `mpm run [--monitor] [--websocket-port N] [-i TEXT] [--no-agents] [--verbose] [-- arguments of claude]

Starts Claude Code with everything ready: agents deployed to the project, hooks recording (for this run alone where they
are not installed), and with --monitor the dashboard in the browser. Ends as Claude Code ends.

  --monitor            get the monitor ready first, and open the dashboard
  --websocket-port N   where the monitor listens (default: monitor.port, 8765); implies --monitor
  -i, --input TEXT     one question, without conversation: as \`claude -p TEXT\`
  --no-agents          deploy no agents
  --no-browser         open no browser
  --verbose            how long each step took
`;

interface Wishes {
  readonly monitor: boolean;
  readonly port: number | undefined;
  readonly agents: boolean;
  readonly browser: boolean;
  readonly verbose: boolean;
  /** For Claude Code. */
  readonly args: readonly string[];
}

export async function run(args: string[], io: Io): Promise<number> {
  const wishes = await understand(args, io);
  if (!wishes) return EXIT.done;
  const host = locateHost(io.env, io.config.userHome);
  if (!host) {
    io.err("mpm: Claude Code was not found: no `claude` is in PATH. Install it, or add its directory to PATH.\n");
    return NOT_FOUND;
  }
  const steps = openSteps(io, process.stderr.isTTY === true);
  const [, hooks] = await Promise.all([
    wishes.agents ? steps.time("agents", () => deploy(io)) : undefined,
    steps.time("hooks", () => hooksFor(io.config, io.cwd, wishes.args, host)),
    wishes.monitor ? steps.time("monitor", () => prepareMonitor(io, wishes, steps)) : undefined,
  ]);
  if (hooks.trouble) io.err(`mpm: nothing is recorded: ${printable(hooks.trouble)}. The session goes on.\n`);
  if (wishes.verbose) steps.report();
  if (io.signal.aborted) return EXIT.failed;
  const ending = await become(host, hooks.args, io.env);
  if (hooks.temporary) rmSync(hooks.temporary, { force: true });
  if ("trouble" in ending) io.err(`mpm: ${host} could not be started: ${ending.trouble}.\n`);
  return endAs(ending);
}

async function understand(args: string[], io: Io): Promise<Wishes | undefined> {
  const end = args.indexOf("--");
  const { values } = parseArgs({
    args: end === -1 ? args : args.slice(0, end),
    options: {
      monitor: { type: "boolean" },
      "websocket-port": { type: "string" },
      input: { type: "string", short: "i" },
      "no-agents": { type: "boolean" },
      "no-browser": { type: "boolean" },
      verbose: { type: "boolean", short: "v" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    await io.out(HELP);
    return undefined;
  }
  const theirs = end === -1 ? [] : args.slice(end + 1);
  const port = values["websocket-port"];
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535))
    throw new UsageError(`--websocket-port: expected a number from 0 to 65535, received "${port}".`);
  return {
    monitor: values.monitor === true || port !== undefined,
    port: port === undefined ? undefined : Number(port),
    agents: values["no-agents"] !== true,
    browser: values["no-browser"] !== true && !io.config.noBrowser,
    verbose: values.verbose === true,
    args: values.input === undefined ? theirs : ["-p", ...theirs, "--", values.input],
  };
}

async function deploy(io: Io): Promise<void> {
  const { config, cwd, err } = io;
  const result = await deployAgents({ config, project: projectOf(cwd, config.userHome) });
  reportProblems(io, result.problems);
  const count = (...deeds: string[]) => result.actions.filter(({ deed }) => deeds.includes(deed)).length;
  const failed = count("failed");
  if (failed > 0) err(`mpm: ${plural(failed, "agent")} could not be deployed. \`mpm agents deploy\` says why.\n`);
  const written = count("create", "update");
  if (written > 0) err(`mpm: deployed ${plural(written, "agent")} to ${printable(result.directory)}.\n`);
}

async function prepareMonitor(io: Io, { port, browser }: Wishes, steps: Steps): Promise<void> {
  const { readyMonitor } = await import("./monitor.ts");
  const ready: Readiness = await readyMonitor(io.config, io.env, port, io.signal);
  if ("trouble" in ready) {
    io.err(`mpm: the monitor is not there: ${ready.trouble}. Events wait until it is; the session goes on.\n`);
    return;
  }
  if (ready.note) io.err(`mpm: ${ready.note}.\n`);
  const { ensureRelay } = await import("../relay/start.ts");
  ensureRelay(io.config.paths, io.env);
  const { serverUrl } = io.config;
  if (serverUrl !== undefined && !ready.url.startsWith(serverUrl.replace(/\/+$/, "")))
    io.err(`mpm: events go to ${serverUrl}, as server.url says, and not to the monitor at ${ready.url}.\n`);
  await steps.time("browser", () => openDashboard(io, ready.url, browser));
}

async function openDashboard(io: Io, url: string, browser: boolean): Promise<void> {
  const { loginLink, openBrowser } = await import("../monitor/login.ts");
  const link = browser ? await loginLink(io, url) : undefined;
  if (link === undefined || !openBrowser(link, io.env))
    io.err(`mpm: the dashboard is at ${url}; \`mpm monitor open\` lets a browser in.\n`);
}
