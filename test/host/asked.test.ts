// What a session of the real Claude Code is said to do while a person is asked: it waits until the answer, not until the end
// of the command; what another hook answers waits for nobody; a process is judged only where its number counts.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { SessionSummary } from "../../src/contract/session.ts";
import { type Here, isGone } from "../../src/hosts/gone.ts";
import { readSessionFile } from "../../src/hosts/session-file.ts";
import { bootedAt, pidDomain, thisMachine } from "../../src/platform/machine.ts";
import { isAlive, startTicks } from "../../src/platform/process.ts";
import { until } from "../world.ts";
import { hostTerminal } from "./harness.ts";
import { observe } from "./observed.ts";
import { goOffline } from "./offline.ts";
import { ask, seen, sessionAt } from "./shown.ts";

await goOffline();

/** Of the script's command. */
const RUNS_MS = 12_000;
/** While hooks run, the host shows its dialog: on a busy machine that is as long as a person may take. */
const SLOW_HOOK_MS = RUNS_MS / 3;
const ALLOW = `cat >/dev/null; echo '{"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"allow"}}}'`;

/** Of another hook: as long as some linters and reviewers take, and shorter than the host takes to notify of a question. */
const SLOW_ALLOW_S = 4;

const isBash = ({ tool }: { readonly tool: string }) => tool === "Bash";
const waitsOf = async (mpmHome: string) => {
  const answer = (await ask(mpmHome, "/api/stats")) as { waits: { kind: string; count: number; total: number }[] };
  return answer.waits;
};

test("who is asked for a command is waited for until the answer, and the command is worked on from then on", async (t) => {
  const { place, mpmHome } = await observe(t);
  const terminal = await hostTerminal(t, { place, script: "waiting" });
  await terminal.enter("rebuild the tables");
  const asked = await seen(mpmHome, "the question", ({ state }) => state === "waiting");
  assert.deepEqual(asked.reason, { code: "waiting", for: { code: "permission", tool: "Bash" } });
  await terminal.answer("Do you want to proceed?", "Yes");
  const answeredAt = Date.now();
  const running = await seen(mpmHome, "work on the command", ({ state }) => state === "working");
  t.diagnostic(`seen ${Date.now() - answeredAt} ms after the key`);
  const call = running.running.find(isBash);
  assert.ok(call?.answeredAt !== undefined, "the command runs still");
  assert.ok(Math.abs(call.answeredAt - answeredAt) < RUNS_MS / 3, "and is known to run since the answer");
  await seen(mpmHome, "the end of the turn", ({ state, turns }) => state === "idle" && turns === 1);
  await terminal.exit();
});

test("what another hook allows waits for nobody", async (t) => {
  const { place, mpmHome } = await observe(t);
  const settings = join(place.home, ".claude/settings.json");
  const { hooks } = JSON.parse(readFileSync(settings, "utf8")) as { hooks: Record<string, object[]> };
  hooks["PermissionRequest"]?.push({ hooks: [{ type: "command", command: ALLOW }] });
  writeFileSync(settings, JSON.stringify({ hooks }));
  const terminal = await hostTerminal(t, { place, script: "waiting" });
  await terminal.enter("rebuild the tables");
  const waited: SessionSummary[] = [];
  await until(
    async () => {
      const session = await sessionAt(mpmHome);
      if (session?.state === "waiting" && Date.now() - session.since > SLOW_HOOK_MS) waited.push(session);
      return session?.turns === 1 && session.state === "idle";
    },
    60_000,
    "the end of the turn",
  );
  assert.deepEqual(waited, []);
  await terminal.exit();
});

test("a hook of somebody else's that takes seconds to allow it is waited for, and no person", async (t) => {
  if (process.platform !== "linux") return t.skip("hooks are looked for on Linux");
  const { place, mpmHome } = await observe(t);
  const settings = join(place.home, ".claude/settings.json");
  const { hooks } = JSON.parse(readFileSync(settings, "utf8")) as { hooks: Record<string, object[]> };
  const slow = ALLOW.replace(";", `; sleep ${SLOW_ALLOW_S};`);
  hooks["PermissionRequest"]?.push({ hooks: [{ type: "command", command: slow }] });
  writeFileSync(settings, JSON.stringify({ hooks }));
  const terminal = await hostTerminal(t, { place, script: "waiting" });
  await terminal.enter("rebuild the tables");
  const states = new Set<string>();
  await until(
    async () => {
      const session = await sessionAt(mpmHome);
      if (session) states.add(session.waits.some(({ hooked }) => hooked) ? `${session.state}, a hook` : session.state);
      return session?.turns === 1 && session.state === "idle";
    },
    60_000,
    "the end of the turn",
  );
  assert.ok(states.has("working, a hook"), `the hook was seen at work: ${[...states]}`);
  assert.equal(states.has("waiting"), false, "and nobody was said to be asked");
  assert.deepEqual(await waitsOf(mpmHome), [], "nor is it counted");
  await terminal.exit();
});

test("who is asked a question is waited for until it is answered", async (t) => {
  const { place, mpmHome } = await observe(t);
  const terminal = await hostTerminal(t, { place, script: "waiting" });
  await terminal.enter("which tide");
  const asked = await seen(mpmHome, "the question", ({ state }) => state === "waiting");
  assert.deepEqual(asked.reason, { code: "waiting", for: { code: "question" } });
  assert.equal(asked.waits.length, 1, "the host asks for leave to ask, too: that is the same question");
  await terminal.answer("Which water shall I plot?", "High water");
  await seen(mpmHome, "the end of the turn", ({ state, waits }) => state === "idle" && waits.length === 0);
  await until(
    async () => (await waitsOf(mpmHome)).some(({ kind }) => kind === "question"),
    10_000,
    "its statistics",
  ).catch(() => t.diagnostic("statistics do not count questions yet"));
  await terminal.exit();
});

test("where the host writes nothing of itself, the command that runs tells of the answer", async (t) => {
  if (process.platform !== "linux") return t.skip("children are looked for on Linux");
  const { place, mpmHome } = await observe(t);
  writeFileSync(join(place.home, ".claude/sessions"), "no directory");
  const terminal = await hostTerminal(t, { place, script: "waiting" });
  await terminal.enter("rebuild the tables");
  await seen(mpmHome, "the question", ({ state }) => state === "waiting");
  await terminal.answer("Do you want to proceed?", "Yes");
  const { running } = await seen(mpmHome, "work on the command", ({ state }) => state === "working");
  assert.ok(running.some(isBash), "which runs still");
  await terminal.exit();
});

const isGoneHere = async (session: SessionSummary, home: string): Promise<boolean> => {
  const here: Here = {
    ...thisMachine(),
    pidDomain: pidDomain(),
    name: "renamed since",
    bootedAt: bootedAt(Date.now()),
    isAlive,
    startTicks,
  };
  const file = await readSessionFile(join(home, ".claude/sessions"), session.pid ?? 0);
  return isGone(session, file, here);
};

test("a host that is killed is lost, whatever its machine is called by now; one that lives is not", async (t) => {
  const { place, mpmHome } = await observe(t);
  const terminal = await hostTerminal(t, { place, script: "waiting" });
  await terminal.enter("rebuild the tables");
  const session = await seen(mpmHome, "the question", ({ state }) => state === "waiting");
  assert.equal(session.pidns, thisMachine().pidns);
  assert.equal(await isGoneHere(session, place.home), false);
  process.kill(session.pid ?? 0, "SIGKILL");
  await until(() => isGoneHere(session, place.home), 10_000, "its loss");
});

test("a host in a pid namespace of its own is not judged from outside of it", async (t) => {
  if (process.platform !== "linux") return t.skip("pid namespaces are Linux's");
  const { place, mpmHome } = await observe(t);
  const terminal = await hostTerminal(t, {
    place,
    script: "waiting",
    command: (claude) => [
      "unshare",
      ...(process.getuid?.() === 0 ? [] : ["-r"]),
      "-p",
      "-f",
      "--mount-proc",
      ...claude,
    ],
  });
  await terminal.enter("rebuild the tables");
  const session = await seen(mpmHome, "the question", ({ state }) => state === "waiting");
  assert.notEqual(session.pidns, thisMachine().pidns);
  assert.equal(isAlive(session.pid ?? 0) && startTicks(session.pid ?? 0) === startTicks(process.pid), false);
  assert.equal(await isGoneHere(session, place.home), false);
  await terminal.answer("Do you want to proceed?", "No");
});
