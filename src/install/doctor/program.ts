// Checks of what runs: the Node, the installed copy, the hook itself, and Claude Code's version.

import { accessSync, constants, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { SLOW_HOOK_MS } from "../../contract/alerts.ts";
import { HOOK_EVENTS } from "../../contract/catalog.ts";
import { readText } from "../../platform/read.ts";
import { OLDEST_NODE } from "../../platform/runtime.ts";
import { damagedIn } from "../../platform/sums.ts";
import { copyApp, prune } from "../app.ts";
import { quoteForShell, unknownTo } from "../handler.ts";
import { isBefore } from "../host.ts";
import { packageRoot } from "../install.ts";
import { isRecent, nodeVersion, recordedNode, recordNode } from "../node.ts";
import { mayRunPrograms, NOEXEC_CURE, noexecTrouble } from "../noexec.ts";
import { newMark, runHandler } from "../verify.ts";
import { type Check, ok } from "./finding.ts";

/** Needed for an event to get through. */
const NEEDED = [
  "package.json",
  "dist/cli.js",
  "dist/relay.js",
  "dist/relay-program.js",
  "dist/monitor.js",
  "dist/monitor-program.js",
  "dist/store-reader.js",
  "dist/hook.js",
  "dist/hook-debug.js",
  "hooks/hooks.json",
  "hooks/mpm-slow-path",
  "hooks/mpm-once",
];
const PROGRAMS = ["hooks/mpm-hook", "hooks/mpm-node"];
/** From here on it tells which prompt an event belongs to. */
const SANE_HOST = "2.1.196";
const HOOK_RUNS = 5;
/** Files that a finding names. */
const SHOWN = 3;

export const node: Check = ({ io: { config } }) => {
  const { home, app } = config.paths;
  const path = recordedNode(app);
  if (!existsSync(app)) return ok("node", `${process.versions.node}; none is written down before the installation`);
  const version = path ? nodeVersion(path) : undefined;
  if (isRecent(version)) return ok("node", `${version} at ${path}`);
  const is = version ? `is ${version}` : "does not run any more";
  return {
    name: "node",
    state: "fail",
    finding: path ? `${path} ${is}` : "no Node is written down in app/node",
    meaning: `Relay and monitor need Node ${OLDEST_NODE}; without it events wait in the spool.`,
    cure: "`mpm doctor --fix` or `mpm install`, run by a Node that will do, writes that one down.",
    fix: () => recordNode(home, app, process.execPath),
  };
};

export const copy: Check = ({ io: { config }, plugin }) => {
  const { app } = config.paths;
  if (!existsSync(app) && plugin)
    return ok("program", plugin.root ? `the plugin's, in ${plugin.root}` : "the plugin's");
  if (!existsSync(app))
    return {
      name: "program",
      state: "fail",
      finding: `nothing is installed in ${app}`,
      meaning: "No hook is there that Claude Code could run.",
      cure: "`mpm install`",
    };
  const missing = [...NEEDED, ...PROGRAMS].filter((path) => !existsSync(join(app, path)));
  const idle = PROGRAMS.filter((path) => existsSync(join(app, path)) && !isExecutable(join(app, path)));
  const damaged = damagedIn(join(app, "dist"));
  const version = versionOf(app);
  const running = versionOf(packageRoot());
  if (missing.length + idle.length + damaged.length === 0 && version === running)
    return ok("program", `${version} in ${app}`);
  const broken = missing.length + idle.length + damaged.length > 0;
  const finding =
    missing.length > 0
      ? `${missing.join(", ")} ${missing.length > 1 ? "are" : "is"} missing in ${app}`
      : idle.length > 0
        ? `${idle.join(", ")} in ${app} may not be run`
        : damaged.length > 0
          ? `${shortly(damaged)} in ${app} ${damaged.length > 1 ? "are" : "is"} not as installed: cut, or changed`
          : `${app} has version ${version ?? "unknown"}, and this is ${running}`;
  const own = packageRoot() !== app;
  return {
    name: "program",
    state: broken ? "fail" : "warn",
    finding,
    meaning: broken ? "Hooks fail, or events stay in the spool." : "Hooks run the version that is installed.",
    cure: own ? "`mpm install` copies it anew." : "Run `./install.sh` in a checkout, or `npx mpm-hook install`.",
    ...(own && broken
      ? {
          fix: () => {
            copyApp(packageRoot(), app);
            prune(packageRoot(), app);
          },
        }
      : {}),
  };
};

/** The first few, and how many more. */
function shortly(paths: readonly string[]): string {
  const more = paths.length - SHOWN;
  return `${paths.slice(0, SHOWN).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function versionOf(root: string): string | undefined {
  try {
    return z.looseObject({ version: z.string() }).parse(JSON.parse(readText(join(root, "package.json")) ?? "")).version;
  } catch {
    return undefined;
  }
}

/** Runs it, told to keep nothing. */
export const hook: Check = async ({ io: { config, env, cwd }, plugin }) => {
  const installed = join(config.paths.app, process.platform === "win32" ? "dist/hook.js" : "hooks/mpm-hook");
  const command = existsSync(installed) || !plugin?.root ? installed : join(plugin.root, "hooks/mpm-hook");
  if (!existsSync(command) && plugin) return ok("hook", "the plugin's; Claude Code knows where it is");
  if (!existsSync(command))
    return { name: "hook", state: "fail", finding: `there is no ${command}`, cure: "`mpm install`" };
  const windows = process.platform === "win32";
  const handler = {
    type: "command",
    command: windows ? process.execPath : command,
    args: windows ? [command, "Notification"] : ["Notification"],
    timeout: 5,
  } as const;
  const quiet = { ...env, MPM_HOME: config.paths.home, MPM_DISABLED: "1" };
  const times: number[] = [];
  for (let i = 0; i < HOOK_RUNS; i++) {
    const { ms, trouble } = await runHandler(handler, "Notification", newMark(), quiet, cwd);
    if (trouble && !mayRunPrograms(dirname(command)))
      return {
        name: "hook",
        state: "fail",
        finding: noexecTrouble(dirname(command)),
        meaning: "Claude Code reports a hook error at every event, and nothing is recorded.",
        cure: `\`mpm uninstall\`. ${NOEXEC_CURE}`,
      };
    if (trouble)
      return {
        name: "hook",
        state: "fail",
        finding: `${command}: ${trouble}`,
        meaning: "Claude Code reports a hook error at every event, and nothing is recorded.",
        cure: `See what \`echo '{}' | ${quoteForShell(command)} Stop\` says; \`mpm install\` copies it anew.`,
      };
    times.push(ms);
  }
  const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;
  const finding = `runs in ${median.toFixed(1)} ms`;
  if (median <= SLOW_HOOK_MS) return ok("hook", finding);
  return {
    name: "hook",
    state: "warn",
    finding,
    meaning: "Claude Code waits that long at every event.",
    cure: "Look for what slows down every new process: a full machine, a virus scanner, a slow file system.",
  };
};

export const host: Check = ({ host }) => {
  if (!host?.version)
    return {
      name: "host",
      state: "warn",
      finding: host ? `${host.path} does not say its version` : "no `claude` was found on PATH",
      meaning: "A recent one was assumed; one before 2.1.101 ignores settings with events that it does not know.",
      cure: "`mpm install --host-version 2.1.x` says which it is.",
    };
  const { path, version } = host;
  if (!isBefore(version, SANE_HOST)) return ok("host", `Claude Code ${version} at ${path}`);
  const missing = unknownTo(
    version,
    HOOK_EVENTS.filter(({ safety }) => safety === "default").map(({ name }) => name),
  );
  return {
    name: "host",
    state: "warn",
    finding: `Claude Code ${version} is old`,
    meaning: `It does not tell which prompt an event belongs to${missing.length ? `, and has no ${missing.join(", ")}` : ""}.`,
    cure: "`claude update`, then `mpm install`.",
  };
};
