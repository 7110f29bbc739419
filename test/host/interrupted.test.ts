// What the real Claude Code says to no hook: the user pressed Escape, or said no. The monitor reads it in the transcript.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionSummary } from "../../src/contract/session.ts";
import { until } from "../world.ts";
import { hostTerminal } from "./harness.ts";
import { observe } from "./observed.ts";
import { goOffline } from "./offline.ts";

const test = await goOffline();

const STATE_LIMIT_MS = 20_000;

/** The home's only session as the API shows it; undefined while there is none, or no monitor. */
async function sessionAt(mpmHome: string): Promise<SessionSummary | undefined> {
  const address = join(mpmHome, "monitor.json");
  if (!existsSync(address)) return undefined;
  const { url } = JSON.parse(readFileSync(address, "utf8")) as { url: string };
  const authorization = `Bearer ${readFileSync(join(mpmHome, "token"), "utf8").trim()}`;
  const answer = await fetch(`${url}/api/sessions`, { headers: { authorization } });
  return ((await answer.json()) as { sessions: SessionSummary[] }).sessions[0];
}

/** Waits until the session is as asked for. */
async function seen(mpmHome: string, what: string, is: (session: SessionSummary) => boolean): Promise<SessionSummary> {
  let session: SessionSummary | undefined;
  const there = async () => {
    session = await sessionAt(mpmHome);
    return session !== undefined && is(session);
  };
  await until(there, STATE_LIMIT_MS, what).catch((error: Error) => {
    throw new Error(`${error.message}; it is ${JSON.stringify(session)}`);
  });
  return session as SessionSummary;
}

test("Escape, during a command and during a reply, is seen at the API; the next prompt takes it back", async (t) => {
  const { place, mpmHome } = await observe(t);
  const terminal = await hostTerminal(t, { place, script: "interrupt", args: ["--dangerously-skip-permissions"] });
  await terminal.enter("wait for high water");
  await seen(mpmHome, "the command", ({ running }) => running.some(({ tool }) => tool === "Bash"));
  await terminal.waitFor("esc to interrupt");
  const pressedAt = Date.now();
  await terminal.press("Escape");
  const first = await seen(mpmHome, "the interruption", ({ state }) => state === "interrupted");
  t.diagnostic(`seen ${Date.now() - pressedAt} ms after the key`);
  assert.equal(first.detail, "while Bash ran");
  assert.deepEqual([first.running, first.subagents], [[], []]);

  await terminal.enter("think about low water");
  await terminal.waitFor("Let me think about this");
  await seen(mpmHome, "the second turn", ({ state, turns }) => state === "working" && turns === 2);
  await terminal.press("Escape");
  await seen(mpmHome, "the second interruption", ({ state, turns }) => state === "interrupted" && turns === 2);

  await terminal.enter("just say hello");
  await seen(mpmHome, "the end of the third turn", ({ state, turns }) => state === "idle" && turns === 3);
  await terminal.exit();
});

test("a no to a question ends the turn, and the wait for the person", async (t) => {
  const { place, mpmHome } = await observe(t);
  const terminal = await hostTerminal(t, { place, script: "permission" });
  await terminal.enter("change the tables");
  await seen(mpmHome, "the question", ({ state, detail }) => state === "waiting" && detail === "permission for Bash");
  await terminal.answer("Do you want to proceed?", "No");
  const { detail } = await seen(mpmHome, "the end of the turn", ({ state }) => state === "interrupted");
  assert.equal(detail, "while it waited for permission for Bash");
  await terminal.enter("leave it then");
  await seen(mpmHome, "the next turn", ({ state, turns }) => state === "idle" && turns === 2);
  await terminal.exit();
});
