// mpm run: Claude Code with agents deployed, hooks recording and, if wanted, the monitor open. What is slow happens at once.
// - Whatever of it fails is a warning: the session goes on.
// - From then on everything is as if Claude Code had been started alone.

import { rmSync } from "node:fs";
import { locateHost, tried } from "../install/host.ts";
import { printable } from "../platform/text.ts";
import { hooksFor, type RunHooks } from "../run/hooks.ts";
import { endAs, NOT_FOUND, runInForeground } from "../run/host.ts";
import { deploy, prepareMonitor, showDashboard } from "../run/prepare.ts";
import { openSteps } from "../run/steps.ts";
import { type Call, flag, port, text } from "./arguments.ts";
import { command } from "./command.ts";
import type { Io } from "./terminal.ts";

const OPTIONS = {
  monitor: flag("get the monitor ready first, and open the dashboard"),
  "websocket-port": port("where the monitor listens (default: monitor.port, 8765); implies --monitor"),
  input: text("TEXT", "one question, without conversation: as `claude -p TEXT`", { short: "i" }),
  "no-agents": flag("deploy no agents"),
  "no-browser": flag("open no browser"),
  verbose: flag("how long each step took", { short: "v" }),
};

export const verb = command({
  text: [
    "Starts Claude Code with everything ready: agents deployed to the project, hooks recording (for this run alone where they are not installed), and with --monitor the dashboard in the browser. Ends as Claude Code ends.",
  ],
  options: OPTIONS,
  passes: "Claude Code",
  run,
});

interface Wishes {
  readonly monitor: boolean;
  readonly port: number | undefined;
  readonly agents: boolean;
  readonly browser: boolean;
  readonly verbose: boolean;
  /** For Claude Code. */
  readonly args: readonly string[];
}

async function run(call: Call<typeof OPTIONS>, io: Io): Promise<number> {
  const wishes = wishesOf(call);
  const host = locateHost(io.env, io.config.userHome);
  if (host.kind !== "found") {
    io.err(
      host.kind === "missing"
        ? "mpm: Claude Code was not found: no `claude` is in PATH. Install it, or add its directory to PATH.\n"
        : `mpm: Claude Code was not found: ${printable(host.path)} runs mpm itself, and no other \`claude\` is in PATH. Add the directory of Claude Code's own to PATH.\n`,
    );
    return NOT_FOUND;
  }
  const steps = openSteps(io, io.errIsTerminal);
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
    steps.time("hooks", () =>
      hooksFor({ config: io.config, cwd: io.cwd, env: io.env, args: wishes.args, host: host.path }),
    ),
  ]);
  try {
    if (io.signal.aborted) return endAs({ signal: io.signal.reason });
    if (hooks.trouble) io.err(`mpm: nothing is recorded: ${printable(hooks.trouble)}. The session goes on.\n`);
    if (wishes.verbose) steps.report();
    const env = { ...tried(ofUser(io.env), host.path), MPM_HOME: io.config.paths.home, ...monitor?.env };
    const ending = await runInForeground(host.path, hooks.args, env, () => {
      if (monitor?.url && monitor.opens) void showDashboard(io);
    });
    if ("trouble" in ending) io.err(`mpm: ${host.path} could not be started: ${ending.trouble}.\n`);
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

function wishesOf({ options, passed }: Call<typeof OPTIONS>): Wishes {
  const { input, "websocket-port": at } = options;
  return {
    monitor: options.monitor || at !== undefined,
    port: at,
    agents: !options["no-agents"],
    browser: !options["no-browser"],
    verbose: options.verbose,
    args: input === undefined ? passed : ["-p", ...passed, "--", input],
  };
}
