// The whole chain in a home of its own: real hooks, a real relay, a real monitor on a port of its own.

import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { dist, HOOK, isAlive, NODE, type Outcome, run, tempWorld } from "../../world.ts";

/** What the store holds of one event. */
export interface Kept {
  readonly n: number;
  readonly id: string;
  readonly session: string;
  readonly seq: number;
  /** `data.index` of the payload. */
  readonly index: number | null;
}

export interface Chain {
  readonly env: Record<string, string>;
  readonly mpmHome: string;
  /** Runs the hook with this on stdin. */
  hook(event: string, input: string | Buffer): Promise<Outcome>;
  /** Starts relay or monitor as the hook and the relay do; one that is not needed leaves by itself. */
  start(program: "relay" | "monitor"): void;
  /** Pid of the running one, if it lives. */
  pid(program: "relay" | "monitor"): number | undefined;
  /** Entries in the spool. */
  pending(): number;
  rejected(): number;
  /** All that is stored, in the order of storing, read from the file. */
  stored(): Kept[];
  /** GET of the running monitor's API, with the token. */
  get(path: string): Promise<Response>;
}

/** @param config further settings of config.json */
export function openChain(t: TestContext, config: Record<string, unknown> = {}): Chain {
  const { env, mpmHome } = tempWorld(t);
  const at = (name: string) => join(mpmHome, name);
  mkdirSync(at("spool"), { recursive: true, mode: 0o700 });
  writeFileSync(at("config.json"), JSON.stringify({ monitor: { port: 0 }, ...config }));
  const address = () => JSON.parse(readFileSync(at("monitor.json"), "utf8")) as { pid: number; url: string };
  return {
    env,
    mpmHome,
    hook: (event, input) => run(HOOK, [event], { env, input }),
    start(program) {
      const args = program === "monitor" ? ["--autostarted"] : [];
      spawn(NODE, [dist(`${program}.js`), ...args], { env, stdio: "ignore" }); // ends with the home
    },
    pid(program) {
      try {
        const pid = program === "relay" ? Number(readFileSync(at("relay.pid"), "utf8")) : address().pid;
        return isAlive(pid) ? pid : undefined;
      } catch {
        return undefined;
      }
    },
    pending: () => readdirSync(at("spool")).length,
    rejected: () => namesIn(at("rejected")).filter((name) => !name.endsWith(".reason.json")).length,
    stored() {
      const db = new DatabaseSync(at("monitor.db"), { readOnly: true });
      try {
        return db
          .prepare(
            "SELECT n, id, session, seq, json ->> '$.data.index' AS 'index' FROM event JOIN body USING (n) ORDER BY n",
          )
          .all() as unknown as Kept[];
      } finally {
        db.close();
      }
    },
    get: (path) =>
      fetch(address().url + path, {
        headers: { authorization: `Bearer ${readFileSync(at("token"), "utf8").trim()}` },
      }),
  };
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
