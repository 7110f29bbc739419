// A real monitor in a home of its own, and the requests that its user may make.

import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Paths } from "../../../src/config/config.ts";
import type { Envelope } from "../../../src/contract/envelope.ts";
import { readToken } from "../../../src/services/token.ts";
import { dist, NODE, start, tempWorld, until } from "../../world.ts";

export interface RunningMonitor {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly home: string;
  readonly env: Record<string, string>;
  token(): string;
  /** A request with the token. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** GET /health with the token. */
  health(): Promise<Record<string, unknown> & { events: number }>;
  /** POST of envelopes; throws unless all are stored. */
  store(...envelopes: Envelope[]): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface MonitorSettings {
  readonly args?: readonly string[];
  readonly config?: Record<string, unknown>;
  readonly world?: { readonly env: Record<string, string>; readonly mpmHome: string };
}

/** Runs `mpm monitor` on a free port until the test ends. */
export async function runMonitor(t: TestContext, settings: MonitorSettings = {}): Promise<RunningMonitor> {
  const { env, mpmHome: home } = settings.world ?? tempWorld(t);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  if (settings.config) writeFileSync(join(home, "config.json"), JSON.stringify(settings.config));
  const child = start(t, NODE, [dist("cli.js"), "monitor", "--port", "0", ...(settings.args ?? [])], env);
  let said = "";
  child.stdout?.on("data", (chunk) => {
    said += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  await until(() => /listens at/.test(said) || child.exitCode !== null, 20_000, "the monitor");
  if (child.exitCode !== null) throw new Error(`the monitor ended: ${said}`);
  const { url, pid } = JSON.parse(readFileSync(join(home, "monitor.json"), "utf8")) as { url: string; pid: number };
  const token = () => env["MPM_TOKEN"] ?? readFileSync(join(home, "token"), "utf8").trim();
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { ...init, headers: { authorization: `Bearer ${token()}`, ...init.headers } });
  return {
    url,
    port: Number(new URL(url).port),
    pid,
    home,
    env,
    token,
    ask,
    health: async () => (await (await ask("/health")).json()) as Record<string, unknown> & { events: number },
    async store(...envelopes) {
      const answer = await ask("/api/events", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(envelopes),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
    async kill(signal) {
      const closed = once(child, "close");
      process.kill(pid, signal);
      await closed;
    },
  };
}

/** The token of a home that has one. */
export function tokenIn(paths: Paths): string {
  const read = readToken(paths);
  if (!read.ok || read.value === undefined) throw new Error("the home has no token");
  return read.value;
}

const BEGIN = Date.now();

/** An envelope as a relay makes it. */
export function envelope(seq: number, { session = "s", ...data }: Record<string, unknown> = {}): Envelope {
  return {
    id: `${session}-${seq}`,
    schema: 1,
    event: "claude_event",
    type: "hook",
    subtype: "stop",
    source: "mpm_hook",
    hook_event_name: "Stop",
    timestamp: new Date(BEGIN + seq).toISOString(),
    session_id: String(session),
    host: { name: "a" },
    seq,
    data,
  };
}
