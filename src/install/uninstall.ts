// mpm uninstall: registrations first, in every scope where they stand, then processes, then files.
// - A registration that cannot be taken out stops it before any file goes: what is registered must exist.
// - The user's data stay unless --purge; files that are not ours stay always.

import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { holdsOnlySettings, type Paths } from "../config/config.ts";
import type { World } from "../config/world.ts";
import { relayPid } from "../services/relay.ts";
import { end, type Running, runningOf } from "../services/running.ts";
import { ownLoginService, removeAtLogin } from "./at-login.ts";
import { EXTRAS, type Extra, removeExtra } from "./extras.ts";
import { BACKUP_NAME, FileTrouble } from "./file.ts";
import { type OwnHook, ownHook } from "./handler.ts";
import { mayBeRunning } from "./host.ts";
import { removeLauncher } from "./launcher.ts";
import { withInstallLock } from "./lock.ts";
import { type Place, type Result, unregister } from "./registration.ts";
import { readRegistrations, SCOPES, type Scope, settingsFile } from "./scope.ts";
import { handlersIn } from "./settings.ts";

/** What a session of 2.1.330 needs is about a second. */
const NOTICED_WITHIN_MS = 5000;
const STARTS_WITHIN_MS = 3000;
const POLL_MS = 20;

export interface Wishes {
  /** The one settings file that is meant; undefined: everything. */
  readonly scope: Scope | undefined;
  /** What was recorded goes, too. */
  readonly purge: boolean;
  readonly dryRun: boolean;
}

/** What has been done, or is about to be done, as it happens. */
export type Step =
  | { readonly kind: "unregistered"; readonly result: Result }
  | { readonly kind: "extra"; readonly extra: Extra; readonly result: Result }
  /** What a project has for everybody who works on it. */
  | { readonly kind: "shared"; readonly file: string }
  /** A settings file that cannot be changed. */
  | { readonly kind: "blocked"; readonly said: string }
  /** Registrations are still there, so that nothing else is removed. */
  | { readonly kind: "stopped" }
  /** It cannot be ended, as another user's cannot: what it works with is not removed. */
  | { readonly kind: "still_running"; readonly running: Running }
  /** Running sessions may still call the hook. */
  | { readonly kind: "waiting" }
  /** What would be removed, in a dry run. */
  | { readonly kind: "doomed"; readonly path: string; readonly bytes: number | undefined }
  /** A config.json that is not ours, or not ours alone. */
  | { readonly kind: "foreign"; readonly path: string }
  /** What was recorded and stays, in bytes. */
  | { readonly kind: "removed"; readonly leftBytes: number };

export type Tell = (step: Step) => Promise<void>;

/** Removes what the wishes name and tells each step. Returns false where it could not do all of it. */
export async function uninstall(world: World, wishes: Wishes, tell: Tell): Promise<boolean> {
  const { config, cwd } = world;
  const { scope, dryRun } = wishes;
  const places =
    scope === undefined ? everywhere(world) : [{ scope, file: settingsFile(scope, config, cwd), shared: true }];
  const work = async () => {
    // Extras came after the hooks, so that taken out before them they leave the bytes of before.
    const free = scope !== undefined || (await removeExtras(world, dryRun, tell));
    const hooks = await unregisterAll(places, world, dryRun, tell);
    const { changed } = hooks;
    const clear = hooks.clear && free;
    if (!clear && scope === undefined) await tell({ kind: "stopped" });
    if (!clear || scope !== undefined) return clear;
    if (!dryRun && changed) await letGo(world, tell);
    const service = removeAtLogin(ownLoginService(world), world.env, dryRun);
    if (service && dryRun) await tell({ kind: "doomed", path: service, bytes: undefined });
    if (!dryRun && !(await endAll(world, tell))) return false;
    await removeFiles(world, wishes, tell);
    return true;
  };
  return existsSync(config.paths.home) && !dryRun ? withInstallLock(config.paths.home, work) : work();
}

/** Ends relay and monitor, and also a relay that a hook started a moment ago. Returns false where one cannot be ended. */
async function endAll({ config, now }: World, tell: Tell): Promise<boolean> {
  while (relayPid(config.paths) === undefined && isStarting(config.paths, now())) await wait(POLL_MS);
  for (const running of await runningOf(config)) {
    if (await end(running)) continue;
    await tell({ kind: "still_running", running });
    return false;
  }
  return true;
}

/** A hook's claim goes when the relay is up; one that stays is of a relay that cannot start. */
function isStarting({ home }: Paths, now: number): boolean {
  const claims = existsSync(home) ? readdirSync(home).filter((name) => name.startsWith("relay.claim-")) : [];
  const ages = claims.map((name) => now - (statSync(join(home, name), { throwIfNoEntry: false })?.mtimeMs ?? 0));
  return ages.some((age) => age >= 0 && age < STARTS_WITHIN_MS);
}

/** A place that the hooks are to be taken out of; `shared`: also what everybody who works on the project has. */
type Doomed = Place & { readonly shared: boolean };

/** Returns false where one could not be taken out. */
async function removeExtras({ config, now }: World, dryRun: boolean, tell: Tell): Promise<boolean> {
  let clear = true;
  for (const extra of EXTRAS)
    try {
      const result = await removeExtra(config, extra, { dryRun, now: now() });
      if (result.done === "refused") clear = false;
      await tell({ kind: "extra", extra, result });
    } catch (error) {
      if (!(error instanceof FileTrouble)) throw error;
      clear = false;
      await tell({ kind: "blocked", said: error.message });
    }
  return clear;
}

/** Where our hooks may stand: what we remember, and the places here. What others have put into a project is theirs. */
function everywhere({ config, cwd }: World): Doomed[] {
  const remembered = readRegistrations(config.paths.app).map((place) => ({ ...place, shared: true }));
  const here = SCOPES.map((scope) => ({ scope, file: settingsFile(scope, config, cwd), shared: false }));
  return [...new Map([...here, ...remembered].map((place) => [place.file, place])).values()];
}

async function unregisterAll(places: readonly Doomed[], { config, now }: World, dryRun: boolean, tell: Tell) {
  let [clear, changed] = [true, false];
  for (const place of places) {
    try {
      const ours = isOfThisHome(config.paths, place.shared);
      const result = await unregister(config, place, { ours, dryRun, now: now() });
      if (result.done === "refused") clear = false;
      if (result.done === "changed") changed = true;
      await tell({ kind: "unregistered", result });
      if (result.done !== "refused" && hasPortable(result.after) && !place.shared)
        await tell({ kind: "shared", file: place.file });
    } catch (error) {
      if (!(error instanceof FileTrouble)) throw error;
      clear = false;
      await tell({ kind: "blocked", said: error.message });
    }
  }
  return { clear, changed };
}

/** A running session takes notice of its settings within seconds; until then it calls the hook, which must be there. */
async function letGo({ signal }: World, tell: Tell): Promise<void> {
  if (!(await mayBeRunning())) return;
  await tell({ kind: "waiting" });
  await wait(NOTICED_WITHIN_MS, undefined, { signal }).catch(() => {}); // interrupted: at once, then
}

/** A hook of this home, or one that is gone from where it was: another home's that works is not ours to remove. */
function isOfThisHome(paths: Paths, shared: boolean): (hook: OwnHook) => boolean {
  return (hook) => (hook.kind === "portable" ? shared : hook.path.startsWith(paths.app) || !existsSync(hook.path));
}

function hasPortable(text: string | undefined): boolean {
  const found = handlersIn(text ?? "");
  return "handlers" in found && found.handlers.some(({ handler }) => ownHook(handler)?.kind === "portable");
}

interface Holding {
  readonly installed: readonly string[];
  readonly data: readonly string[];
  /** Settings that are another program's, or that cannot be told from those. */
  readonly foreign: string | undefined;
}

const INSTALLED =
  /^(?:app|compiled|runtime|disabled|install\.lock|run\.settings.*|config\.schema\.json|relay\.(?:pid|alive|json|boot|large|claim-.*)|monitor\.(?:json|sock|lock.*)|statusline)$/;
const DATA = /^(?:spool|rejected|token|team\.(?:json|key)|(?:relay|monitor|alerts|agents)\.db.*)$/;
/** Directories that other programs may have under the same name, and what in them is ours. */
const SHARED = { log: /^(?:hook|relay|monitor|start)\.log(?:\.1)?$/, backups: BACKUP_NAME };

/** What in MPM_HOME is ours, by name: the directory may be shared. */
function holdingOf(paths: Paths): Holding {
  const named = (dir: string, pattern: RegExp) =>
    (existsSync(dir) ? readdirSync(dir) : []).filter((name) => pattern.test(name)).map((name) => join(dir, name));
  const shared = Object.entries(SHARED).flatMap(([name, ours]) => named(join(paths.home, name), ours));
  const config = existsSync(paths.config) ? paths.config : undefined;
  const isOwn = config === undefined || holdsOnlySettings(config);
  return {
    installed: named(paths.home, INSTALLED),
    data: [...named(paths.home, DATA), ...shared, ...(config !== undefined && isOwn ? [config] : [])],
    foreign: isOwn ? undefined : config,
  };
}

async function removeFiles({ config }: World, { purge, dryRun }: Wishes, tell: Tell): Promise<void> {
  const launcher = removeLauncher(config, dryRun);
  if (launcher && dryRun) await tell({ kind: "doomed", path: launcher, bytes: undefined });
  const { home } = config.paths;
  const { installed, data, foreign } = holdingOf(config.paths);
  const doomed = purge ? [...installed, ...data] : installed;
  if (purge && foreign !== undefined) await tell({ kind: "foreign", path: foreign });
  if (dryRun) {
    for (const path of doomed) await tell({ kind: "doomed", path, bytes: sizeOf(path) });
    return;
  }
  for (const path of doomed) rmSync(path, { recursive: true, force: true });
  for (const path of [...data, ...Object.keys(SHARED).map((name) => join(home, name)), home]) {
    try {
      rmdirSync(path);
    } catch {
      // a file, not there, or not empty
    }
  }
  const left = data.filter((path) => existsSync(path));
  await tell({ kind: "removed", leftBytes: left.reduce((sum, path) => sum + sizeOf(path), 0) });
}

function sizeOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats?.size ?? 0;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
