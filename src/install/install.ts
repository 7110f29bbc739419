// mpm install: copies the hook to where it stays, and registers it with Claude Code.
// - In this order: the copy, then the registration, then the exchange of older processes. Whatever stops it, running
//   sessions find a hook that works.
// - Run again, it changes nothing.

import { chmodSync, existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import type { World } from "../config/world.ts";
import type { Reason } from "../contract/reasons.ts";
import { makeHome } from "../platform/directory.ts";
import { bundle } from "../platform/process.ts";
import { VERSION } from "../platform/version.ts";
import { relayPid } from "../services/relay.ts";
import { end, type Running, runningOf, startInstalledMonitor, startRelay } from "../services/running.ts";
import { copyApp, prune } from "./app.ts";
import { addExtra, type Extra, type ExtraResult } from "./extras.ts";
import { FileTrouble, readSnapshot } from "./file.ts";
import { defaultEvents, handlersFor, ownHook, unknownTo } from "./handler.ts";
import { findHost } from "./host.ts";
import { writeLauncher } from "./launcher.ts";
import { withInstallLock } from "./lock.ts";
import { pruneRuntimes, recordNode } from "./node.ts";
import { mayRunPrograms } from "./noexec.ts";
import { type Result, register } from "./registration.ts";
import { readRegistrations, type Scope, settingsFile } from "./scope.ts";
import { type Handler, handlersIn } from "./settings.ts";
import { type Arrival, findMark, type HookRun, newMark, runHandler } from "./verify.ts";

/** What has been done, as it is done. */
export type Step =
  | { readonly kind: "unfit"; readonly reason: Unfit }
  | { readonly kind: "registered"; readonly result: Result }
  | { readonly kind: "extra"; readonly extra: Extra; readonly result: ExtraResult }
  | { readonly kind: "replaced"; readonly running: Running };

/** Why nothing is registered. */
export type Unfit =
  /** Claude Code would look for its settings from the directory that it is started in. */
  | { readonly code: "config_dir_empty" | "config_dir_relative" }
  /** Its file system is mounted noexec. */
  | { readonly code: "noexec"; readonly home: string };

export type Tell = (step: Step) => Promise<void>;

/** Does what the plan says, and tells each step. Returns how the installed `mpm` is called, and what came of the registration. */
export async function install(world: World, plan: Plan, dryRun: boolean, tell: Tell): Promise<Installed> {
  const { config, env, now } = world;
  const { app, home } = config.paths;
  const registering = () => register(config, plan, plan.wanted, { events: plan.events, dryRun, now: now() });
  const unfit = placeTrouble(config, plan.scope);
  if (unfit) return refuse(unfit, tell);
  if (dryRun) {
    const result = await registering();
    await tell({ kind: "registered", result });
    await addExtras(config, plan, { dryRun, now: now() }, tell);
    return { registered: result.done !== "refused", command: "mpm" };
  }
  prepareHome(home);
  if (!mayRunPrograms(home)) return refuse({ code: "noexec", home }, tell);
  return withInstallLock(home, async () => {
    const written = packageRoot() === app ? [] : copyApp(packageRoot(), app);
    recordNode(home, app, process.execPath);
    const result = await registering();
    await tell({ kind: "registered", result });
    await addExtras(config, plan, { dryRun, now: now() }, tell);
    const changed = written.some((path) => path.startsWith("dist"));
    for (const running of await replaceOlder(world, changed)) await tell({ kind: "replaced", running });
    if (packageRoot() !== app) prune(packageRoot(), app);
    if (changed) rmSync(config.paths.compiled, { recursive: true, force: true });
    pruneRuntimes(home, app);
    return { registered: result.done !== "refused", command: writeLauncher(config, env) };
  });
}

/** Those that are asked for; those that stand already are renewed. */
async function addExtras(
  config: Config,
  { extras }: Plan,
  options: { readonly dryRun: boolean; readonly now: number },
  tell: Tell,
): Promise<void> {
  for (const extra of extras) await tell({ kind: "extra", extra, result: await addExtra(config, extra, options) });
}

async function refuse(reason: Unfit, tell: Tell): Promise<Installed> {
  await tell({ kind: "unfit", reason });
  return { registered: false, command: "mpm" };
}

/** Why Claude Code would not find what is registered there. */
export function placeTrouble({ claudeHomeGiven: given }: Config, scope: Scope): Unfit | undefined {
  if (scope !== "user" || given === "default" || given === "absolute") return undefined;
  return { code: given === "empty" ? "config_dir_empty" : "config_dir_relative" };
}

export interface Installed {
  readonly registered: boolean;
  /** How the installed `mpm` is called. */
  readonly command: string;
}

/** The directory of the package that runs: a checkout, an npm package, or the installed copy. */
export function packageRoot(): string {
  return dirname(dirname(bundle("cli.js")));
}

export function tableOf(root: string): string {
  return join(root, "hooks/hooks.json");
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
  /** What is put into Claude Code's files beside the hooks. */
  readonly extras: readonly Extra[];
}

export async function planFor(
  { config, env, cwd }: World,
  scope: Scope,
  chosen: readonly string[] | undefined,
  version: string | undefined,
  table: string,
  file = settingsFile(scope, config, cwd),
  extras: readonly Extra[] = [],
): Promise<Plan> {
  const events = chosen ?? readRegistrations(config.paths.app).find((other) => other.file === file)?.events;
  const names = events ?? defaultEvents(table, scope);
  const host = version ?? (await findHost(env, config.userHome))?.version;
  const target = {
    platform: process.platform,
    app: config.paths.app,
    node: process.execPath,
    ...(host ? { host } : {}),
  };
  return {
    scope,
    file,
    events,
    wanted: handlersFor(table, names, target, scope),
    host,
    leftOut: unknownTo(host, names),
    extras,
  };
}

/** Makes MPM_HOME, for its owner alone. */
function prepareHome(home: string): void {
  makeHome(home);
  chmodSync(home, 0o700);
}

/** Ends a relay or monitor that runs older files, and starts the new one in its place. Returns those that were replaced. */
async function replaceOlder({ config, env }: World, changed: boolean): Promise<Running[]> {
  const older = (await runningOf(config)).filter(({ version }) => changed || version !== VERSION);
  const replaced: Running[] = [];
  for (const running of older) {
    if (!(await end(running))) continue;
    if (running.name === "relay") startRelay(config, env);
    else await startInstalledMonitor(config, env);
    replaced.push(running);
  }
  // Whatever kept the relay from starting before may be mended now.
  if (namesIn(config.paths.spool).length > 0 && relayPid(config.paths) === undefined) startRelay(config, env);
  return replaced;
}

/** What came of an event that was sent through the registered command. */
export type Trial =
  | { readonly kind: "no_monitor"; readonly reason: Reason }
  | { readonly kind: "no_handler" }
  | { readonly kind: "hook_failed"; readonly trouble: string }
  | { readonly kind: "lost"; readonly hook: HookRun; readonly trouble: string }
  | { readonly kind: "arrived"; readonly hook: HookRun; readonly arrival: Arrival };

/** Starts the monitor, sends one event through the registered command, and waits until it is stored. */
export async function tryOut({ config, env, cwd, signal }: World, plan: Plan): Promise<Trial> {
  const monitor = await startInstalledMonitor(config, env);
  if (!monitor.ok) return { kind: "no_monitor", reason: monitor.reason };
  const [event, handler] = registeredHandler(plan, config) ?? [];
  if (!event || !handler) return { kind: "no_handler" };
  const mark = newMark();
  const start = performance.now();
  const hook = await runHandler(handler, event, mark, env, cwd);
  if (hook.trouble) return { kind: "hook_failed", trouble: hook.trouble };
  const arrival = await findMark(config, mark, start, signal);
  return "trouble" in arrival ? { kind: "lost", hook, trouble: arrival.trouble } : { kind: "arrived", hook, arrival };
}

/** Our first handler as the settings file has it, fit for an event without consequences where there is one. */
function registeredHandler(plan: Plan, { paths }: Config): [string, Handler] | undefined {
  // A project's entry leaves the event to those that are the user's own.
  const own =
    plan.scope === "project" ? readRegistrations(paths.app).find(({ scope }) => scope !== "project") : undefined;
  const found = handlersIn(readText(own?.file ?? plan.file));
  if (!("handlers" in found)) return undefined;
  const usable = found.handlers.filter(({ event, handler }) => {
    const wanted = plan.wanted.get(event);
    if (own) return ownHook(handler) !== undefined;
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
