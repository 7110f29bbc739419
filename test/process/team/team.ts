// A team of a test's own: PostgreSQL, a monitor on it, and machines that join.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { dist, NODE, tempWorld } from "../../world.ts";
import { type Server, startServer } from "../store/server.ts";
import { type RunningMonitor, runMonitor } from "../trust/monitor.ts";

export interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `mpm` to its end. */
export function mpm(env: Record<string, string>, ...args: string[]): Promise<Said> {
  return new Promise((resolve) => {
    execFile(NODE, [dist("cli.js"), ...args], { env, timeout: 30_000 }, (error, out, err) => {
      const status = error ? (typeof error.code === "number" ? error.code : -1) : 0;
      resolve({ status, out, err });
    });
  });
}

export type World = ReturnType<typeof tempWorld>;

/** The token by which a machine that has joined is known. */
export const tokenOf = ({ mpmHome }: World): string =>
  JSON.parse(readFileSync(join(mpmHome, "team.json"), "utf8")).token;

export interface TestTeam {
  readonly server: Server;
  /** Of the monitor's machine, whose store is the team's. */
  readonly operator: World;
  readonly monitor: RunningMonitor;
  /** What `mpm team init --json` said. */
  readonly made: { readonly link: string; readonly join: { readonly url: string; readonly code: string } };
  invite(...options: string[]): Promise<string>;
  /** A new machine that has joined as somebody. */
  join(name: string, options?: { readonly role?: string; readonly env?: Record<string, string> }): Promise<World>;
  /** Another monitor of the same team. */
  another(): Promise<RunningMonitor>;
}

export interface TeamSettings {
  readonly server?: Server;
  /** Another address of the database than the server's own. */
  readonly through?: string;
  /** Of the team's monitors. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function startTeam(
  t: TestContext,
  initial: readonly string[] = [],
  settings: TeamSettings = {},
): Promise<TestTeam> {
  const server = settings.server ?? (await startServer());
  if (!settings.server) t.after(() => server.close());
  const url = settings.through ?? server.url;
  const operator = tempWorld(t, { ...settings.env, MPM_STORE: url, USER: "ada" });
  const said = await mpm(operator.env, "team", "init", "--name", "Crew", "--json", ...initial);
  assert.equal(said.status, 0, said.err);
  const monitor = await runMonitor(t, { world: operator });
  const invite = async (...options: string[]) => {
    const invited = await mpm(operator.env, "team", "invite", "--json", ...options);
    assert.equal(invited.status, 0, invited.err);
    return String(JSON.parse(invited.out).code);
  };
  return {
    server,
    operator,
    monitor,
    made: JSON.parse(said.out),
    invite,
    async join(name, { role = "member", env = {} } = {}) {
      const world = tempWorld(t, { USER: name, ...env });
      const code = await invite("--role", role);
      const joined = await mpm(
        world.env,
        "team",
        "join",
        monitor.url,
        code,
        "--name",
        name,
        "--host",
        `${name}s-laptop`,
      );
      assert.equal(joined.status, 0, joined.err);
      return world;
    },
    another: () => runMonitor(t, { world: tempWorld(t, { ...settings.env, MPM_STORE: url }) }),
  };
}

/** Sends what the button of a sign-in page sends. */
export function pressSignIn(link: string, base: string, headers: Record<string, string> = { origin: base }) {
  const { searchParams } = new URL(link);
  return fetch(`${base}/login`, {
    method: "POST",
    headers,
    body: new URLSearchParams({ code: searchParams.get("code") ?? "" }),
    redirect: "manual",
  });
}

/** Signs a browser in by a link: the cookie that it is given. */
export async function signInBy(link: string, base: string): Promise<string> {
  const { pathname, search } = new URL(link);
  const page = await fetch(`${base}${pathname}${search}`, { redirect: "manual" });
  assert.equal(page.status, 200, `${link}: ${page.status}`);
  const answer = await pressSignIn(link, base);
  assert.equal(answer.status, 303, `${link}: ${answer.status}`);
  return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}
