// Registers and unregisters the hooks in one settings file.
// - What is remembered is written before the settings are: a kill in between leaves nothing that cannot be undone.
// - A host or another installer that writes at the same time loses nothing: the change is computed again.

import { dirname, join } from "node:path";
import type { Config } from "../config.ts";
import { backUp, makeDirectories, readSnapshot, removeEmpty, replace, type Snapshot } from "./file.ts";
import { hookOf } from "./handler.ts";
import type { Refusal } from "./json.ts";
import { excluding, including, type Registration, readRegistrations, type Scope, writeRegistrations } from "./scope.ts";
import { type Handler, withHooks, withoutHooks } from "./settings.ts";

const TRIES = 100;
const PAUSE_MS = 20;
/** A host that had read the file before our change may write its own version over it within this time. */
const SETTLE_MS = 100;
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

/**
 * @param events what was asked for by name; undefined: the default events
 * @param dryRun computes the change and writes nothing
 * @throws FileTrouble
 */
export async function register(
  config: Config,
  place: Place,
  wanted: ReadonlyMap<string, Handler>,
  options: { readonly events: readonly string[] | undefined; readonly dryRun: boolean; readonly now: number },
): Promise<Result> {
  const { app } = config.paths;
  const earlier = readRegistrations(app).find((other) => other.file === place.file);
  const compute = (text: string) =>
    withHooks(text, wanted, (handler) => hookOf(handler) !== undefined, earlier?.hollows ?? {});
  const madeDirectories = options.dryRun ? [] : makeDirectories(dirname(place.file));
  const remember = (snapshot: Snapshot, hollows: Registration["hollows"]) => {
    const registration: Registration = {
      ...place,
      ...(options.events ? { events: [...options.events] } : {}),
      hollows,
      madeFile: snapshot.text === undefined || (earlier?.madeFile ?? false),
      madeDirectories: [...(earlier?.madeDirectories ?? []), ...madeDirectories],
    };
    writeRegistrations(app, including(readRegistrations(app), registration));
  };

  for (let tries = 0; tries < TRIES; tries++) {
    const snapshot = readSnapshot(place.file);
    const change = compute(snapshot.text ?? "\n"); // a new file ends with a newline
    if ("refusal" in change) {
      removeEmpty(madeDirectories);
      return { done: "refused", file: place.file, refusal: change.refusal };
    }
    const result = { file: place.file, before: snapshot.text, after: change.text };
    if (options.dryRun) return { done: change.text === snapshot.text ? "unchanged" : "changed", ...result };
    remember(snapshot, change.hollows);
    if (change.text === snapshot.text) return { done: "unchanged", ...result };
    if (replace(snapshot, change.text, place.scope === "project" ? SHARED : PRIVATE)) {
      const backup = backUp(join(config.paths.home, "backups"), place.scope, snapshot, options.now);
      await pause(SETTLE_MS);
      const settled = compute(readSnapshot(place.file).text ?? "");
      const stands = "text" in settled && settled.text === readSnapshot(place.file).text;
      if (stands) return { done: "changed", ...result, ...(backup ? { backup } : {}) };
    } else await pause(PAUSE_MS);
  }
  throw new Error(`${place.file} is being written all the time. Try again when Claude Code is idle.`);
}

/**
 * Takes our handlers out, and the file and directories that were made for them.
 * @throws FileTrouble
 */
export async function unregister(
  config: Config,
  place: Place,
  options: { readonly ours: (hook: string) => boolean; readonly dryRun: boolean; readonly now: number },
): Promise<Result> {
  const { app } = config.paths;
  const earlier = readRegistrations(app).find((other) => other.file === place.file);
  const ours = (handler: unknown) => {
    const hook = hookOf(handler);
    return hook !== undefined && options.ours(hook);
  };
  for (let tries = 0; tries < TRIES; tries++) {
    const snapshot = readSnapshot(place.file);
    const change = withoutHooks(snapshot.text ?? "", ours, earlier?.hollows ?? {});
    if ("refusal" in change) return { done: "refused", file: place.file, refusal: change.refusal };
    const empty = earlier?.madeFile === true && change.text.trim() === "";
    const after = empty || snapshot.text === undefined ? undefined : change.text;
    const done = after === snapshot.text ? "unchanged" : "changed";
    const result = { done, file: place.file, before: snapshot.text, after } as const;
    if (options.dryRun) return result;
    if (done === "unchanged" || replace(snapshot, after)) {
      const backup =
        done === "changed" && after !== undefined
          ? backUp(join(config.paths.home, "backups"), place.scope, snapshot, options.now)
          : undefined;
      if (after === undefined) removeEmpty(earlier?.madeDirectories ?? []);
      writeRegistrations(app, excluding(readRegistrations(app), place.file));
      return { ...result, ...(backup ? { backup } : {}) };
    }
    await pause(PAUSE_MS);
  }
  throw new Error(`${place.file} is being written all the time. Try again when Claude Code is idle.`);
}

function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
