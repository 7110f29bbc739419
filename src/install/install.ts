// mpm install: copies the hook to where it stays, and registers it with Claude Code.
// - In this order: the copy, then the registration, then the exchange of older processes. Whatever stops it, running
//   sessions find a hook that works.
// - Run again, it changes nothing.

import { chmodSync, existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { unifiedDiff } from "../agents/diff.ts";
import { EXIT, type Io, span, UsageError } from "../cli/terminal.ts";
import { makeDirectory } from "../platform/directory.ts";
import { bundle } from "../platform/process.ts";
import { VERSION } from "../platform/version.ts";
import { monitorUrl } from "../services/client.ts";
import { relayPid } from "../services/relay.ts";
import { copyApp, prune } from "./app.ts";
import { FileTrouble, readSnapshot } from "./file.ts";
import { allowedEvents, defaultEvents, handlersFor, isClaudeMpm, unknownTo } from "./handler.ts";
import { findHost } from "./host.ts";
import { writeLauncher } from "./launcher.ts";
import { withInstallLock } from "./lock.ts";
import { pruneRuntimes, recordNode } from "./node.ts";
import { end, runningOf, startMonitor, startRelay } from "./processes.ts";
import { type Result, register } from "./registration.ts";
import { readRegistrations, type Scope, settingsFile } from "./scope.ts";
import { type Handler, handlersIn } from "./settings.ts";
import { findMark, newMark, runHandler } from "./verify.ts";

const HELP = `mpm install [--user | --project | --local] [--events LIST] [--dry-run] [--try] [--host-version V]

Registers the hooks with Claude Code. Only what is ours is changed; what was there before is kept in a backup.

  --user            ~/.claude/settings.json: every project of yours (default)
  --project         .claude/settings.json here: everybody who works on the project, if you commit it
  --local           .claude/settings.local.json here: you, in this project
  --events LIST     names with commas between; \`default\` stands for the default ones, \`all\` for these and
                    MessageDisplay, FileChanged, WorktreeRemove
  --dry-run         shows what would be changed, and changes nothing
  --try             starts the monitor, sends an event through the hook, and says how long it took
  --host-version V  the version of Claude Code, where it cannot be asked

Run it again after an upgrade of Claude Code: new kinds of events are added.
`;
const NEVER: Readonly<Record<string, string>> = {
  WorktreeCreate: "whoever registers it has to create the worktrees instead of git",
};

export async function install(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      user: { type: "boolean" },
      project: { type: "boolean" },
      local: { type: "boolean" },
      events: { type: "string" },
      "dry-run": { type: "boolean" },
      try: { type: "boolean" },
      "host-version": { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    await io.out(HELP);
    return EXIT.done;
  }
  const scope = scopeOf(values);
  const table = tableOf(packageRoot());
  if (!existsSync(table))
    throw new Error(
      `this copy, ${dirname(bundle("cli.js"))}, is a plugin and cannot be installed from. Run \`npx mpm-hook install\`, or ./install.sh in a checkout.`,
    );
  const chosen = values.events === undefined ? undefined : parseEvents(values.events, defaultEvents(table));
  const dryRun = values["dry-run"] ?? false;
  const plan = await planFor(io, scope, chosen, hostVersion(values["host-version"]), table);

  if (dryRun) {
    const result = await register(io.config, plan, plan.wanted, { events: plan.events, dryRun, now: io.now() });
    return report(result, plan, io, true);
  }
  prepareHome(io.config.paths.home);
  return withInstallLock(io.config.paths.home, async () => {
    const { app, home } = io.config.paths;
    const written = packageRoot() === app ? [] : copyApp(packageRoot(), app);
    recordNode(home, app, process.execPath);
    const result = await register(io.config, plan, plan.wanted, { events: plan.events, dryRun, now: io.now() });
    const code = await report(result, plan, io, false);
    await replaceOlder(
      io,
      written.some((path) => path.startsWith("dist")),
    );
    if (packageRoot() !== app) prune(packageRoot(), app);
    pruneRuntimes(home, app);
    const command = writeLauncher(io.config, io.env);
    if (code !== EXIT.done || !values.try) return code;
    return tryOut(io, plan, command);
  });
}

/** The directory of the package that runs: a checkout, an npm package, or the installed copy. */
export function packageRoot(): string {
  return dirname(dirname(bundle("cli.js")));
}

export function tableOf(root: string): string {
  return join(root, "hooks/hooks.json");
}

export function scopeOf(values: { user?: boolean; project?: boolean; local?: boolean }): Scope {
  const named = (["user", "project", "local"] as const).filter((scope) => values[scope]);
  if (named.length > 1) throw new UsageError(`--${named.join(" and --")} cannot be given at once.`);
  return named[0] ?? "user";
}

/** What an installation in a scope comes to. */
export interface Plan {
  readonly scope: Scope;
  readonly file: string;
  readonly events: readonly string[] | undefined;
  readonly wanted: ReadonlyMap<string, Handler>;
  /** Version of Claude Code; undefined where it could not be asked. */
  readonly host: string | undefined;
  readonly leftOut: readonly string[];
}

export async function planFor(
  io: Io,
  scope: Scope,
  chosen: readonly string[] | undefined,
  version: string | undefined,
  table: string,
  file = settingsFile(scope, io.config, io.cwd),
): Promise<Plan> {
  const { config } = io;
  const events = chosen ?? readRegistrations(config.paths.app).find((other) => other.file === file)?.events;
  const names = events ?? defaultEvents(table);
  const host = version ?? (await findHost(io.env, config.userHome))?.version;
  const target = {
    platform: process.platform,
    app: config.paths.app,
    node: process.execPath,
    ...(host ? { host } : {}),
  };
  return { scope, file, events, wanted: handlersFor(table, names, target), host, leftOut: unknownTo(host, names) };
}

function hostVersion(given: string | undefined): string | undefined {
  if (given !== undefined && !/^\d+\.\d+\.\d+$/.test(given))
    throw new UsageError(`--host-version: expected a version as 2.1.330, received "${given}".`);
  return given;
}

function parseEvents(list: string, usual: readonly string[]): string[] {
  const allowed = allowedEvents();
  const names = list.split(",").flatMap((word) => {
    const name = word.trim();
    if (name === "default") return usual;
    if (name === "all") return allowed;
    const reason = NEVER[name];
    if (reason) throw new UsageError(`--events: ${name} is not registered, ever: ${reason}.`);
    if (!allowed.includes(name)) throw new UsageError(`--events: there is no event "${name}".`);
    return [name];
  });
  return [...new Set(names)];
}

/** Makes MPM_HOME, for its owner withInstallLock. */
function prepareHome(home: string): void {
  makeDirectory(home);
  chmodSync(home, 0o700);
}

async function report(result: Result, plan: Plan, io: Io, dryRun: boolean): Promise<number> {
  const { style } = io;
  if (result.done === "refused") {
    const { line, column, reason } = result.refusal;
    io.err(`mpm: ${result.file}:${line}:${column}: ${reason}. Mend it, then run this again; nothing was changed.\n`);
    return EXIT.failed;
  }
  if (result.done === "changed") {
    const diff = unifiedDiff(result.before ?? "", result.after ?? "", result.file, result.file);
    await io.out(colourDiff(diff, io));
  }
  const host = plan.host ? `Claude Code ${plan.host}` : "a recent Claude Code (none was found to ask)";
  const what = `${plan.wanted.size} events in ${result.file} for ${host}`;
  if (dryRun)
    await io.out(`mpm: ${result.done === "changed" ? `would register ${what}` : `nothing to do: ${what}`}.\n`);
  else if (result.done === "changed") await io.out(`${style.green("mpm:")} registered ${what}.\n`);
  else await io.out(`mpm: already registered: ${what}.\n`);
  if ("backup" in result && result.backup) await io.out(style.dim(`     The file as it was: ${result.backup}\n`));
  if (plan.leftOut.length > 0)
    await io.out(`     Left out, as this Claude Code does not know them: ${plan.leftOut.join(", ")}.\n`);
  if (hasClaudeMpm(result.after))
    await io.out("     claude-mpm's own hook handler is registered there, too. It is not ours and stays as it is.\n");
  if (existsSync(io.config.paths.disabled)) await io.out("     The hooks are paused. `mpm resume` lets them record.\n");
  return EXIT.done;
}

function colourDiff(diff: string, { style }: Io): string {
  return diff.replace(/^([+-]).*$/gm, (line, mark) => (mark === "+" ? style.green(line) : style.red(line)));
}

function hasClaudeMpm(text: string | undefined): boolean {
  const found = handlersIn(text ?? "");
  return "handlers" in found && found.handlers.some(({ handler }) => isClaudeMpm(handler));
}

/** Ends a relay or monitor that runs older files, and starts the new one in its place. */
async function replaceOlder(io: Io, changed: boolean): Promise<void> {
  for (const running of await runningOf(io.config)) {
    if (!changed && running.version === VERSION) continue;
    await end(running);
    if (running.name === "relay") startRelay(io.config, io.env);
    else await startMonitor(io.config, io.env);
    await io.out(
      `mpm: replaced the running ${running.name}${running.version ? ` (${running.version})` : ""} by ${VERSION}.\n`,
    );
  }
  // Whatever kept the relay from starting before may be mended now.
  if (namesIn(io.config.paths.spool).length > 0 && relayPid(io.config.paths) === undefined)
    startRelay(io.config, io.env);
}

/** Starts the monitor, sends one event through the registered command, and says when it was stored. */
async function tryOut(io: Io, plan: Plan, command: string): Promise<number> {
  const trouble = await startMonitor(io.config, io.env);
  if (trouble) {
    io.err(`${trouble.startsWith("mpm:") ? trouble : `mpm: the monitor did not start: ${trouble}`}\n`);
    return EXIT.failed;
  }
  const [event, handler] = registeredHandler(plan) ?? [];
  if (!event || !handler) {
    io.err(`mpm: no handler of ours is in ${plan.file} any more. Run \`mpm install\` again.\n`);
    return EXIT.failed;
  }
  const mark = newMark();
  const start = performance.now();
  const hook = await runHandler(handler, event, mark, io.env, io.cwd);
  if (hook.trouble) {
    io.err(`mpm: the hook was run and failed: ${hook.trouble}. \`mpm doctor\` looks closer.\n`);
    return EXIT.failed;
  }
  const arrival = await findMark(io.config, mark, start, io.signal);
  if ("trouble" in arrival) {
    io.err(`mpm: the hook took the event in ${span(hook.ms)}, but ${arrival.trouble}. \`mpm doctor\` looks closer.\n`);
    return EXIT.failed;
  }
  await io.out(
    `${io.style.green("mpm:")} an event went through: the hook took ${hook.ms.toFixed(1)} ms, it was stored after ${span(arrival.ms)}.\n` +
      `     To watch:  ${command} monitor open   (${monitorUrl(io.config)} in the browser)\n` +
      `                ${command} tail           (here)\n` +
      `     In doubt:  ${command} doctor\n`,
  );
  return EXIT.done;
}

/** Our first handler as the settings file has it, fit for an event without consequences where there is one. */
function registeredHandler(plan: Plan): [string, Handler] | undefined {
  const found = handlersIn(readText(plan.file));
  if (!("handlers" in found)) return undefined;
  const usable = found.handlers.filter(({ event, handler }) => {
    const wanted = plan.wanted.get(event);
    return wanted !== undefined && (handler as Handler).command === wanted.command;
  });
  const pick = usable.find(({ event }) => event === "Notification") ?? usable[0];
  return pick && [pick.event, pick.handler as Handler];
}

function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function readText(file: string): string {
  try {
    return readSnapshot(file).text ?? "";
  } catch (error) {
    if (error instanceof FileTrouble) return "";
    throw error;
  }
}
