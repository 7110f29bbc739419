// A whole product in a home of its own - hook, relay, monitor, as real processes - and what must hold in the end.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Envelope } from "../../../src/contract/envelope.ts";
import { HOOK, isAlive, tempWorld, until } from "../../world.ts";

/** Within this time after a fault has gone everything is delivered, with nobody's help but the next events. */
export const RECOVERED_WITHIN_MS = 30_000;
/** The host gives a hook five seconds. */
const HOOK_WITHIN_MS = 5000;
const SESSIONS = ["a", "b"] as const;
const ANSWER = '{"continue":true}\n';

export interface SceneSettings {
  readonly env?: (home: string) => Record<string, string>;
  readonly config?: Record<string, unknown>;
  /** Everything runs as this user; absent: as we do. */
  readonly uid?: number;
  /** Called when the home is there and nothing has happened in it. @returns its own undo */
  readonly prepare?: (home: string) => (() => void) | undefined;
}

export type Scene = Awaited<ReturnType<typeof openScene>>;

export async function openScene(t: TestContext, settings: SceneSettings = {}) {
  const cleanups: (() => void)[] = [];
  t.after(() => {
    for (const cleanup of cleanups) cleanup();
  });
  const world = tempWorld(t);
  const home = world.mpmHome;
  Object.assign(world.env, settings.env?.(home));
  const { uid } = settings;
  mkdirSync(home, { mode: 0o700 });
  const undo = settings.prepare?.(home);
  if (undo) cleanups.push(undo);
  const config = { monitor: { port: 0 }, ...settings.config };
  writeFileSync(join(home, "config.json"), JSON.stringify(config), { mode: 0o644 });
  if (uid !== undefined) {
    chmodSync(world.home, 0o755);
    for (const path of [world.home, home]) chownSync(path, uid, uid);
  }
  const sent: { session: string; n: number }[] = [];
  const counts: Record<string, number> = {};

  /** Runs one hook as the host does. */
  const hook = async (input: string, wrap: readonly string[] = []): Promise<void> => {
    const [file, ...args] = [...wrap, HOOK, "Stop"] as unknown as [string, ...string[]];
    const start = performance.now();
    const user = uid === undefined ? {} : { uid, gid: uid };
    const child = spawn(file, args, { env: world.env, stdio: ["pipe", "pipe", "pipe"], ...user });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    child.stdin.on("error", () => {});
    child.stdin.end(`${input}\n`);
    const [status] = await once(child, "close");
    assert.deepEqual([status, said], [0, ANSWER], "the host is unharmed");
    assert.ok(performance.now() - start < HOOK_WITHIN_MS, "the host does not wait");
  };
  const address = () => JSON.parse(readFileSync(join(home, "monitor.json"), "utf8")) as { url: string; pid: number };
  const monitorPid = () => tryTo(() => address().pid);
  const relayPid = () => tryTo(() => Number(readFileSync(join(home, "relay.pid"), "utf8")));
  const stored = async (): Promise<Envelope[]> => {
    try {
      const token = readFileSync(join(home, "token"), "utf8").trim();
      const answer = await fetch(`${address().url}/api/events?after=0&limit=1000`, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(3000),
      });
      return ((await answer.json()) as { events?: Envelope[] }).events ?? [];
    } catch {
      return [];
    }
  };
  /** What the monitor says of itself. */
  const health = async () => {
    const authorization = `Bearer ${readFileSync(join(home, "token"), "utf8").trim()}`;
    const answer = await fetch(`${address().url}/health`, { headers: { authorization } });
    return (await answer.json()) as { now: number; gaps: number; counters: { repeated: number } };
  };
  const idOf = ({ session_id: session, data }: Envelope) => `${session}:${data["n"]}`;

  return {
    ...world,
    home,
    hook,
    stored,
    health,
    monitorPid,
    relayPid,
    sent,
    /** Called before the home is removed. */
    after: (cleanup: () => void) => void cleanups.push(cleanup),
    /** Sends events of two sessions, one after the other. @param wrap a program that runs the hook */
    async send(count: number, wrap: readonly string[] = []): Promise<void> {
      for (let index = 0; index < count; index++) {
        const session = SESSIONS[sent.length % SESSIONS.length] as string;
        counts[session] = (counts[session] ?? 0) + 1;
        const n = counts[session] as number;
        sent.push({ session, n });
        await hook(JSON.stringify({ hook_event_name: "Stop", session_id: session, n }), wrap);
      }
    },
    /** Waits until both processes run and everything that was sent is stored. */
    async settled(): Promise<void> {
      await until(async () => (await stored()).length >= sent.length, RECOVERED_WITHIN_MS, "the first events");
    },
    relays: () => processesOf(home, "mpm-relay"),
    monitors: () => processesOf(home, "mpm-monitor"),

    /**
     * After the fault: an event now and then, until all is there; then nothing lost, nothing twice, in order.
     * @param mayLack what the fault itself made impossible to keep, as session:n
     */
    async recovers(t: TestContext, mayLack: ReadonlySet<string> = new Set()): Promise<void> {
      const start = performance.now();
      const wanted = () => sent.map(({ session, n }) => `${session}:${n}`).filter((id) => !mayLack.has(id));
      let events: Envelope[] = [];
      for (;;) {
        await this.send(1);
        const deadline = performance.now() + 1000;
        do {
          events = await stored();
          const there = new Set(events.map(idOf));
          if (wanted().every((id) => there.has(id))) {
            t.diagnostic(`recovered in ${Math.round(performance.now() - start)} ms`);
            return check(events, wanted());
          }
          await new Promise((wake) => setTimeout(wake, 50));
        } while (performance.now() < deadline);
        const there = new Set(events.map(idOf));
        const lacking = wanted().filter((id) => !there.has(id));
        if (performance.now() - start > RECOVERED_WITHIN_MS)
          assert.fail(
            `not recovered: ${lacking.length} of ${sent.length} lacking, as ${lacking.slice(0, 9)}; ${logOf(home)}`,
          );
      }
    },
  };

  function check(events: readonly Envelope[], wanted: readonly string[]): void {
    const ids = new Set(events.map(({ id }) => id));
    assert.equal(ids.size, events.length, "no id twice");
    assert.equal(new Set(events.map(idOf)).size, events.length, "no event twice");
    const there = new Set(events.map(idOf));
    assert.deepEqual(
      wanted.filter((id) => !there.has(id)),
      [],
      "nothing lost",
    );
    for (const session of SESSIONS) {
      const own = events.filter(({ session_id: id }) => id === session).map(({ data }) => data["n"] as number);
      assert.deepEqual(
        own,
        own.toSorted((a, b) => a - b),
        `the order of ${session}`,
      );
    }
  }
}

/** Pids of our processes that work for a home. */
function processesOf(home: string, title: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(
      (pid) =>
        tryTo(
          () =>
            readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(title) &&
            readFileSync(`/proc/${pid}/environ`, "utf8").includes(`MPM_HOME=${home}\0`),
        ) === true && isAlive(pid),
    );
}

function logOf(home: string): string {
  return ["relay", "monitor"]
    .map((name) => join(home, `log/${name}.log`))
    .filter(existsSync)
    .map((file) => readFileSync(file, "utf8").slice(-1500))
    .join("\n");
}

function tryTo<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
