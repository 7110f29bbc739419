// mpm run: Claude Code with agents deployed, hooks recording and, if wanted, the monitor open. What is slow happens at once.
// - Whatever of it fails is a warning: the session goes on.
// - From then on everything is as if Claude Code had been started alone.

import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { locateHost } from "../install/host.ts";
import { hooksFor, type RunHooks } from "../run/hooks.ts";
import { become, endAs, NOT_FOUND } from "../run/host.ts";
import { deploy, prepareMonitor, showDashboard } from "../run/prepare.ts";
import { openSteps } from "../run/steps.ts";
import { EXIT, type Io, printable, UsageError } from "./terminal.ts";

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
  const tell = (error: Error): undefined => {
    io.err(`mpm: ${printable(error.message)}. The session goes on.\n`);
    return undefined;
  };
  // The monitor first: it starts in a process of its own, while the rest is done in this one.
  const [monitor, , hooks] = await Promise.all([
    wishes.monitor
      ? steps.time("monitor", () => prepareMonitor(io, wishes.port, wishes.browser)).catch(tell)
      : undefined,
    wishes.agents ? steps.time("agents", () => deploy(io)).catch(tell) : undefined,
    steps.time("hooks", () => hooksFor(io.config, io.cwd, wishes.args, host)),
  ]);
  try {
    if (io.signal.aborted) return endAs({ signal: io.signal.reason });
    if (hooks.trouble) io.err(`mpm: nothing is recorded: ${printable(hooks.trouble)}. The session goes on.\n`);
    if (wishes.verbose) steps.report();
    const env = { ...ofUser(io.env), MPM_HOME: io.config.paths.home, ...monitor?.env };
    const ending = await become(host, hooks.args, env, () => {
      if (monitor?.url && monitor.opens) void showDashboard(io);
    });
    if ("trouble" in ending) io.err(`mpm: ${host} could not be started: ${ending.trouble}.\n`);
    removeCopy(hooks);
    return endAs(ending);
  } finally {
    removeCopy(hooks);
  }
}

/** The environment as the user has it: hooks/mpm-node keeps from us what is meant for the user's own Node programs. */
function ofUser({ MPM_USER_NODE_OPTIONS, MPM_USER_NODE_PATH, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (MPM_USER_NODE_OPTIONS !== undefined) env["NODE_OPTIONS"] = MPM_USER_NODE_OPTIONS;
  if (MPM_USER_NODE_PATH !== undefined) env["NODE_PATH"] = MPM_USER_NODE_PATH;
  return env;
}

function removeCopy({ temporary }: RunHooks): void {
  if (temporary) rmSync(temporary, { force: true });
}

const OPTIONS = {
  monitor: { type: "boolean" },
  "websocket-port": { type: "string" },
  input: { type: "string", short: "i" },
  "no-agents": { type: "boolean" },
  "no-browser": { type: "boolean" },
  verbose: { type: "boolean", short: "v" },
  help: { type: "boolean", short: "h" },
} as const;

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.match(/UNKNOWN_OPTION|UNEXPECTED_POSITIONAL/)) throw error;
    const [, stray] = /'([^']*)'/.exec(message) ?? [];
    throw new UsageError(`"${stray}" is nothing that it knows. What is for Claude Code stands after --.`);
  }
}

async function understand(args: string[], io: Io): Promise<Wishes | undefined> {
  const end = args.indexOf("--");
  const values = parse(end === -1 ? args : args.slice(0, end));
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
    browser: values["no-browser"] !== true,
    verbose: values.verbose === true,
    args: values.input === undefined ? theirs : ["-p", ...theirs, "--", values.input],
  };
}
