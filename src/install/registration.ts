// Registers and unregisters the hooks in one settings file.
// - What is remembered is written before the settings are: a kill in between leaves nothing that cannot be undone.
// - A host or another installer that writes at the same time loses nothing: the change is computed again.

import { rmSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import { backUp, makeDirectories, readSnapshot, removeEmpty, replace, type Snapshot } from "./file.ts";
import { type OwnHook, ownHook } from "./handler.ts";
import type { Refusal } from "./json.ts";
import { excluding, including, type Registration, readRegistrations, type Scope, writeRegistrations } from "./scope.ts";
import { type Change, type Handler, type Hollows, handlersIn, withHooks, withoutHooks } from "./settings.ts";

const TRIES = 100;
const PAUSE_MS = 20;
/** A host that had read the file before our change may write its own version over it within this time. */
export const SETTLE_MS = 100;
const SHARED = 0o644;
const PRIVATE = 0o600;

/** What was done to a settings file, or would be. `before` and `after` are its text, undefined where it is absent. */
export type Result =
  | {
      readonly done: "changed" | "unchanged";
      readonly file: string;
      readonly before: string | undefined;
      readonly after: string | undefined;
      readonly backup?: string;
    }
  | { readonly done: "refused"; readonly file: string; readonly refusal: Refusal };

export interface Place {
  readonly scope: Scope;
  readonly file: string;
}

interface Options {
  /** Computes the change and writes nothing. */
  readonly dryRun: boolean;
  /** Milliseconds since 1970, for the backup's name. */
  readonly now: number;
}

/**
 * @param options.events what was asked for by name; undefined: the default events
 * @throws FileTrouble
 */
export async function register(
  config: Config,
  place: Place,
  wanted: ReadonlyMap<string, Handler>,
  options: Options & { readonly events: readonly string[] | undefined },
): Promise<Result> {
  const { app } = config.paths;
  const earlier = readRegistrations(app).find((other) => other.file === place.file);
  const madeDirectories = options.dryRun ? [] : makeDirectories(dirname(place.file));
  let madeFile = earlier?.madeFile ?? false;
  const result = await rewrite(config, place, options, {
    hollows: earlier?.hollows ?? {},
    change: (text, hollows) => withHooks(text ?? "\n", wanted, (handler) => ownHook(handler) !== undefined, hollows),
    stands: (text) => isRegistered(text, [...wanted.keys()]),
    remember(text, hollows) {
      madeFile ||= text === undefined;
      const registration: Registration = {
        scope: place.scope,
        file: place.file,
        ...(options.events ? { events: [...options.events] } : {}),
        hollows,
        madeFile,
        madeDirectories: [...(earlier?.madeDirectories ?? []), ...madeDirectories],
      };
      writeRegistrations(app, including(readRegistrations(app), registration));
    },
  });
  if (result.done === "refused") removeEmpty(madeDirectories);
  return result;
}

/**
 * Takes our handlers out, and the file and directories that were made for them.
 * @param options.ours which of the hooks that are ours are to go
 * @throws FileTrouble
 */
export async function unregister(
  config: Config,
  place: Place,
  options: Options & { readonly ours: (hook: OwnHook) => boolean },
): Promise<Result> {
  const { app } = config.paths;
  const earlier = readRegistrations(app).find((other) => other.file === place.file);
  const ours = (handler: unknown) => {
    const hook = ownHook(handler);
    return hook !== undefined && options.ours(hook);
  };
  const result = await rewrite(config, place, options, {
    hollows: earlier?.hollows ?? {},
    change(text, hollows) {
      if (text === undefined) return { text, hollows };
      const change = withoutHooks(text, ours, hollows);
      const empty = "text" in change && earlier?.madeFile === true && change.text.trim() === "";
      return empty ? { text: undefined, hollows: {} } : change;
    },
  });
  if (result.done === "refused" || options.dryRun) return result;
  const left = result.after === undefined ? removeEmpty(earlier?.madeDirectories ?? []) : [];
  writeRegistrations(app, bequeath(left, excluding(readRegistrations(app), place.file)));
  return result;
}

/** Whether the file has a hook of any installation of ours for each event. */
function isRegistered(text: string | undefined, events: readonly string[]): boolean {
  const found = handlersIn(text ?? "");
  if (!("handlers" in found)) return false;
  const present = new Set(found.handlers.filter(({ handler }) => ownHook(handler)).map(({ event }) => event));
  return events.every((event) => present.has(event));
}

/** Directories that we made and that others' files keep: the registration that is last in them takes them along. */
function bequeath(directories: readonly string[], registrations: readonly Registration[]): Registration[] {
  return registrations.map((registration) => {
    const above = directories.filter((directory) => registration.file.startsWith(directory + sep));
    const madeDirectories = [...new Set([...above, ...registration.madeDirectories])];
    return above.length > 0 ? { ...registration, madeDirectories } : registration;
  });
}

export interface Rewriting {
  readonly hollows: Hollows;
  /** @param text undefined where there is no file; so is the text returned where there is to be none */
  change(text: string | undefined, hollows: Hollows): Change | { readonly text: undefined; readonly hollows: Hollows };
  /** Whether the change, made already, may be left as others left it since; absent: only where nothing is to be changed. */
  stands?(text: string | undefined): boolean;
  /** Called before each change. */
  remember?(text: string | undefined, hollows: Hollows): void;
}

/** Changes a file until the change stands. @throws FileTrouble */
export async function rewrite(
  config: Config,
  { scope, file }: Place,
  options: Options,
  work: Rewriting,
): Promise<Result> {
  if (options.dryRun) return preview(file, work);
  const backups = join(config.paths.home, "backups");
  let { hollows } = work;
  let done: { before: string | undefined; after: string | undefined; backup?: string } | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const snapshot = readSnapshot(file);
    const before = snapshot.text;
    if (done && work.stands?.(before)) return { done: "changed", file, ...done };
    const change = work.change(before, hollows);
    if ("refusal" in change) return { done: "refused", file, refusal: change.refusal };
    const { text: after } = change;
    work.remember?.(before, change.hollows);
    if (after === before) return done ? { done: "changed", file, ...done } : { done: "unchanged", file, before, after };
    const backup = done || after === undefined ? undefined : backUp(backups, scope, snapshot, options.now);
    if (replaceOr(snapshot, after, scope === "project" ? SHARED : PRIVATE, () => dropBackup(backup))) {
      done ??= { before, after, ...(backup ? { backup } : {}) };
      ({ hollows } = change);
      await sleep(SETTLE_MS);
    } else await sleep(PAUSE_MS);
  }
  throw new Error(`${file} is being written all the time. Try again when Claude Code is idle.`);
}

/** What would be done. */
function preview(file: string, work: Rewriting): Result {
  const { text: before } = readSnapshot(file);
  const change = work.change(before, work.hollows);
  if ("refusal" in change) return { done: "refused", file, refusal: change.refusal };
  return { done: change.text === before ? "unchanged" : "changed", file, before, after: change.text };
}

/** Replaces the file; where that is not done, for whatever reason, undoes what was prepared. */
function replaceOr(snapshot: Snapshot, text: string | undefined, mode: number, undo: () => void): boolean {
  let replaced = false;
  try {
    replaced = replace(snapshot, text, mode);
    return replaced;
  } finally {
    if (!replaced) undo();
  }
}

function dropBackup(backup: string | undefined): void {
  if (backup) rmSync(backup, { force: true });
}
