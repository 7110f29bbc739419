// A user's place for sessions of the real Claude Code, with a recorder beside whatever is installed there.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Envelope } from "../../../src/contract/envelope.ts";
import { CHECK_SESSION } from "../../../src/contract/forget.ts";
import { defaultEvents } from "../../../src/install/handler.ts";
import { hostSession, newPlace, type Place, type Scope, type Session } from "../../host/harness.ts";
import { installHost } from "../../host/install-host.ts";
import { hookTroubles } from "../../host/observed.ts";
import { type Recorded, recorded, recorderSettings, writeSettings } from "../../host/recorder.ts";
import { differences } from "../../host/witness.ts";
import { dist, killThoseOf, mpm, NODE, type Outcome, ROOT, run, until } from "../../world.ts";

const SETTLED_WITHIN_MS = 40_000;

export interface Workplace extends Place {
  readonly mpmHome: string;
  readonly settings: string;
  readonly env: Record<string, string>;
  /** A session of Claude Code that reads and writes a little; no hook may fail in it. */
  session(args?: readonly string[], options?: SessionOptions): Promise<Session>;
  claude(...args: string[]): Promise<Outcome>;
  mpm(...args: string[]): Promise<Outcome>;
  /** The same in another directory. */
  mpmIn(cwd: string, ...args: string[]): Promise<Outcome>;
  stored(): Promise<Envelope[]>;
  /**
   * Until the store holds what the recorder saw, each event once and in order; the error says what differs.
   * @param mayMiss events that may be missing from a session
   */
  settled(mayMiss?: readonly string[]): Promise<void>;
  /** The recorder starts anew. */
  forget(): void;
  /** How many events the recorder saw. */
  seen(): number;
}

export interface SessionOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where Claude Code is started; absent: the workspace. */
  readonly cwd?: string;
  /** Done while the session runs. */
  readonly meanwhile?: () => Promise<void>;
}

/** @param script what the sessions do, a file of test/host/scripts */
export async function newWorkplace(scope: Scope, script = "tools"): Promise<Workplace> {
  const place = await newPlace(scope);
  scope.after(() => killThoseOf(place.root));
  const mpmHome = join(place.home, ".claude-mpm");
  const tape = join(place.root, "tape");
  mkdirSync(mpmHome, { mode: 0o700 });
  writeFileSync(join(mpmHome, "config.json"), '{"monitor":{"port":0}}');
  const recorder = recorderSettings(tape, defaultEvents(join(ROOT, "hooks/hooks.json")));
  writeSettings(place.home, { ...recorder, skipDangerousModePermissionPrompt: true }); // else the host adds it
  const host = await installHost();
  const path = [dirname(NODE), dirname(host), process.env["PATH"]].join(delimiter);
  const env = {
    HOME: place.home,
    PATH: path,
    TMPDIR: place.tmp,
    CLAUDE_CONFIG_DIR: join(place.home, ".claude"),
    MPM_NO_BROWSER: "1",
    DISABLE_AUTOUPDATER: "1",
  };
  const cliIn = (cwd: string, ...args: string[]) => mpm(args, { env, cwd, timeoutMs: 60_000 });
  const cli = (...args: string[]) => cliIn(place.workspace, ...args);
  const stored = async () => {
    const { stdout } = await cli("events", "--json");
    const all = stdout.split("\n").flatMap((line) => (line ? [JSON.parse(line) as Envelope] : []));
    return all.filter(({ source }) => source !== "transcript"); // what no hook told
  };
  return {
    ...place,
    mpmHome,
    settings: join(place.home, ".claude/settings.json"),
    env,
    async session(args = [], options = {}) {
      const there = { ...place, workspace: options.cwd ?? place.workspace };
      const running = hostSession(scope, { script, place: there, args, env: { PATH: path, ...options.env } });
      await options.meanwhile?.();
      const session = await running;
      const troubles = hookTroubles(session.debugLog);
      if (session.exit !== 0 || troubles.length > 0)
        throw new Error([`the session ended with ${session.exit}`, session.stderr, ...troubles].join("\n"));
      return session;
    },
    claude: (...args) => run(host, args, { env, cwd: place.workspace, timeoutMs: 60_000 }),
    mpm: cli,
    mpmIn: cliIn,
    stored,
    forget() {
      for (const name of readdirSync(tape)) rmSync(join(tape, name));
    },
    async settled(mayMiss = []) {
      let found: string[] = [];
      const same = async (): Promise<boolean> => {
        const real = (await stored()).filter(({ session_id }) => session_id !== CHECK_SESSION);
        const kept = ({ event, payload }: Recorded) =>
          !mayMiss.includes(event) ||
          real.some((one) => one.hook_event_name === event && one.session_id === payload["session_id"]);
        found = differences(recorded(tape).filter(kept), real);
        return found.length === 0;
      };
      await until(same, SETTLED_WITHIN_MS, "a store equal to what the recorder saw").catch((error: Error) => {
        throw new Error([error.message, ...found.slice(0, 10)].join("\n"));
      });
    },
    seen: () => readdirSync(tape).filter((name) => !name.startsWith(".")).length,
  };
}

/** The build, which is a plugin. */
export const PLUGIN = dirname(dist("cli.js"));
