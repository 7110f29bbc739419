// A user's place with our hooks registered as the installer does it, beside the recorder, and what came of them.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Envelope } from "../../src/contract/envelope.ts";
import { HOOK, pidsOf, ROOT, until } from "../world.ts";
import { newPlace, type Place, type Scope } from "./harness.ts";
import { recorded, recorderSettings, writeSettings } from "./recorder.ts";
import { differences } from "./witness.ts";

export interface Observed {
  readonly place: Place;
  /** Where the recorder writes. */
  readonly tape: string;
  readonly mpmHome: string;
  /** Every event in the monitor's store that a hook told of, in the order of the commits; works without a monitor, too. */
  stored(): Envelope[];
  /** Until nothing waits in the spool and the store holds what the recorder saw; the error says what differs. */
  settled(): Promise<void>;
  /** Until no process of this home is left. */
  ended(): Promise<void>;
}

export interface ObservedOptions {
  /** Of config.json, beside a free port. */
  readonly monitor?: object;
  readonly relay?: object;
  /** Absent: below HOME, where the hook looks without being told. */
  readonly mpmHome?: string;
}

type Hooks = Record<string, { hooks: object[] }[]>;

const LOG_SHOWN = 3000;
const SETTLED_WITHIN_MS = 40_000;
const ENDED_WITHIN_MS = 60_000;

/** Our registrations: hooks.json with the absolute path that the installer writes. */
export function ourSettings(): { hooks: Hooks } {
  const text = readFileSync(join(ROOT, "hooks/hooks.json"), "utf8");
  return JSON.parse(text.replaceAll(`${"$"}{CLAUDE_PLUGIN_ROOT}/hooks/mpm-hook`, HOOK));
}

/** A place whose settings register our hooks and, for the same events, the recorder. */
export async function observe(scope: Scope, options: ObservedOptions = {}): Promise<Observed> {
  const place = await newPlace(scope);
  const tape = join(place.root, "tape");
  const mpmHome = options.mpmHome ?? join(place.home, ".claude-mpm");
  const ours = ourSettings().hooks;
  const theirs = recorderSettings(tape, Object.keys(ours)).hooks;
  const both = Object.entries(ours).map(([event, groups]) => [event, [...groups, ...(theirs[event] ?? [])]]);
  writeSettings(place.home, { hooks: Object.fromEntries(both) });
  if (options.mpmHome === undefined) {
    mkdirSync(mpmHome, { mode: 0o700 });
    const config = {
      monitor: { port: 0, ...options.monitor },
      relay: { ...options.relay },
    };
    writeFileSync(join(mpmHome, "config.json"), JSON.stringify(config));
  }
  const stored = (): Envelope[] => readStore(join(mpmHome, "monitor.db"));
  const spool = join(mpmHome, "spool");
  return {
    place,
    tape,
    mpmHome,
    stored,
    async settled() {
      let found: string[] = [];
      const same = (): boolean => {
        if (existsSync(spool) && readdirSync(spool).length > 0) {
          found = [`${readdirSync(spool).length} events wait in the spool`];
          return false;
        }
        found = differences(recorded(tape), stored());
        return found.length === 0;
      };
      await until(same, SETTLED_WITHIN_MS, "a store equal to what the recorder saw").catch((error: Error) => {
        throw new Error([error.message, ...found.slice(0, 10), ...logs(join(mpmHome, "log"))].join("\n"));
      });
    },
    ended: () => until(() => pidsOf(place.root).length === 0, ENDED_WITHIN_MS, "the end of all processes"),
  };
}

function logs(dir: string): string[] {
  if (!existsSync(dir)) return ["no log"];
  return readdirSync(dir).map((name) => `${name}:\n${readFileSync(join(dir, name), "utf8").slice(-LOG_SHOWN)}`);
}

function readStore(file: string): Envelope[] {
  if (!existsSync(file)) return [];
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db
      .prepare("SELECT json FROM body ORDER BY n")
      .all()
      .map(({ json }) => JSON.parse(String(json)) as Envelope)
      .filter(({ source }) => source !== "transcript");
  } catch {
    return []; // it is being made
  } finally {
    db.close();
  }
}

/** What the host's debug log says of hooks that failed, timed out, or answered something that it did not take. */
export function hookTroubles(debugLog: string): string[] {
  return debugLog.split("\n").filter((line) => TROUBLE.test(line));
}

const TROUBLE =
  /\[ERROR\] (?!MCP server ).*hook|Hooks: (?!.*\] (?:\(plugin [^)]*\) )?finished with status 0).*\] |Hook .* (?:cancelled|error)|JSON validation failed/i;

/** How often the host says that our hook ended well, and how often that it took an answer: only ours gives any. */
export function hookSuccesses(debugLog: string): { ended: number; taken: number } {
  const lines = debugLog.split("\n");
  return {
    ended: lines.filter((line) => line.includes(`[${HOOK} `) && line.includes("finished with status 0")).length,
    taken: lines.filter((line) => line.includes("Successfully parsed and validated hook JSON output")).length,
  };
}
