// mpm top: what it shows, in what order, on screens of every size; live in a terminal, which it gives back as it was.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Board, linesOf, shownIn } from "../../../src/cli/board.ts";
import { widthOf } from "../../../src/cli/layout.ts";
import type { SessionState, SessionSummary } from "../../../src/contract/session.ts";
import { styleFor } from "../../../src/platform/text.ts";
import { testWith } from "../../tools.ts";
import { dist, freePort, mpm, NODE, run, tempWorld, until } from "../../world.ts";
import { envelope, runMonitor } from "../trust/monitor.ts";
import { terminal } from "./terminal.ts";

const NOW = Date.UTC(2026, 0, 2, 12);
const PLAIN = styleFor(false);

function session(id: string, state: SessionState, ago: number, more: Partial<SessionSummary> = {}): SessionSummary {
  return {
    id,
    project: `/home/dana/${id}`,
    host: "a",
    state,
    since: NOW - ago,
    firstAt: NOW - ago,
    lastAt: NOW - ago,
    origin: "startup",
    events: 1,
    failures: 0,
    turns: 1,
    toolCalls: 0,
    denied: 0,
    gaps: 0,
    running: [],
    waits: [],
    subagents: [],
    pulse: [],
    ...more,
  };
}

const MINUTE = 60_000;
const BOARD: Board = {
  now: NOW,
  cost: 3.2,
  trouble: undefined,
  sessions: [
    session("idle-new", "idle", MINUTE, { prompt: "潮汐の表を読み、港ごとに満潮と干潮の時刻を並べる" }),
    session("idle-old", "idle", 90 * MINUTE),
    session("ended-old", "ended", 60 * MINUTE),
    session("works", "working", 5000, {
      running: [{ call: "c", tool: "Bash", text: "npm\ntest\u001b[31m", since: NOW }],
      cost: 0.5,
      title: "Tides",
    }),
    session("waits-new", "waiting", 1000, { detail: "permission for Bash" }),
    session("waits-old", "waiting", 9000, { detail: "an answer to its question" }),
  ],
};

test("who waits longest comes first, then who works, then who stopped; what ended a while ago is left out", () => {
  assert.deepEqual(
    shownIn(BOARD).map(({ id }) => id),
    ["waits-old", "waits-new", "works", "idle-new", "idle-old"],
  );
  const lines = linesOf(BOARD, { columns: undefined, rows: undefined }, PLAIN);
  assert.match(lines[0] ?? "", /^mpm top {2}1 working {2}2 waiting {2}2 idle {2}\$3\.20 today$/);
  assert.match(lines[3] ?? "", /^waiting +9 s +waits-old +an answer to its question$/);
  assert.match(lines[5] ?? "", /^working +5 s +works +\$0\.50 +Bash npm test\S* · Tides$/);
  assert.ok(!lines.join("").includes("\u001b"));
});

for (const columns of [10, 24, 40, 59, 60, 100, 200])
  for (const rows of [1, 4, 6, 50])
    test(`a screen of ${columns} by ${rows} is never overflowed`, () => {
      const lines = linesOf({ ...BOARD, trouble: "no monitor listens ".repeat(9) }, { columns, rows }, PLAIN);
      assert.ok(lines.length <= Math.max(rows, 4), `${lines.length} lines`);
      for (const line of lines) assert.ok(widthOf(line) <= columns, `${widthOf(line)}: ${line}`);
    });

test("what does not fit is counted", () => {
  const lines = linesOf(BOARD, { columns: 80, rows: 7 }, PLAIN);
  assert.equal(lines.at(-1), "and 3 more");
  assert.equal(lines.length, 6);
});

const asks = (id: string) => ({
  ...envelope(1, { session: id, tool_name: "AskUserQuestion", tool_use_id: "t1", tool_input: { questions: [] } }),
  hook_event_name: "PreToolUse",
  project_dir: `/home/dana/${id}`,
});

test("where there is no terminal it prints once; --json is for programs; without a monitor it says what to do", async (t) => {
  const monitor = await runMonitor(t);
  await monitor.store(asks("pier"));
  const isWaiting = async () => {
    const once = await mpm(["top"], { env: monitor.env });
    assert.deepEqual([once.status, once.stderr], [0, ""]);
    return /^waiting .* pier .*an answer to its question/m.test(once.stdout);
  };
  await until(isWaiting, 10_000, "the question, once it is plain that no rule answers it");
  const { at, sessions, cost } = JSON.parse((await mpm(["top", "--json"], { env: monitor.env })).stdout);
  assert.deepEqual([typeof at, sessions[0].id, cost], ["number", "pier", { today: 0 }]);
  await monitor.kill("SIGTERM");
  const none = await mpm(["top"], { env: { ...monitor.env, MPM_MONITOR_PORT: `${await freePort()}` } });
  assert.deepEqual([none.status, none.stdout], [1, ""]);
  assert.match(none.stderr, /^mpm: no monitor listens/);
});

testWith("tmux")("it follows what happens, fits a new size, says when the monitor goes, and leaves by q", async (t) => {
  const monitor = await runMonitor(t);
  const command = `echo BEFORE; '${NODE}' '${dist("cli.js")}' top; echo ENDED $?; cat`;
  const { see, press, resize } = await terminal(t, ["sh", "-c", command], monitor.env);
  await see(/mpm top[\s\S]*no session works or waits/);
  await monitor.store(asks("pier"));
  await see(/1 waiting[\s\S]*waiting +\S+ m?s +pier +.*an answer to its question/);
  await resize({ columns: 44, rows: 12 });
  await see(/state +for +what\nwaiting/);
  await monitor.kill("SIGTERM");
  await see(/the monitor has gone|no monitor listens/);
  await press("q");
  const after = await see(/ENDED 0/);
  assert.match(after, /BEFORE/, "what was on the screen is there again");
  assert.doesNotMatch(after, /mpm top/);
});

for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const)
  testWith("tmux")(`${signal} gives the terminal back`, async (t) => {
    const { env, home } = tempWorld(t);
    const pidFile = join(home, "pid");
    const command = `echo BEFORE; sh -c 'echo $$ >${pidFile}; exec "${NODE}" "${dist("cli.js")}" top'; stty -a | tr ';' '\\n' | grep -o -- '-*\\bicanon\\|-*\\becho\\b'; echo ENDED; cat`;
    const { see } = await terminal(t, ["sh", "-c", command], env);
    await see(/mpm top/);
    process.kill(Number(readFileSync(pidFile, "utf8")), signal);
    const after = await see(/ENDED/);
    assert.match(after, /BEFORE[\s\S]*^icanon\n(?:.*\n)*echo$/m);
    await until(async () => !(await run("ps", ["-p", readFileSync(pidFile, "utf8").trim()])).stdout.includes("node"));
  });

test("colours are for terminals that have them, unless NO_COLOR says no", async (t) => {
  const monitor = await runMonitor(t);
  await monitor.store(asks("pier"));
  const coloured = async (extra: string) => {
    const command = `env ${extra} script -qc "'${NODE}' '${dist("cli.js")}' top --once" /dev/null`;
    const { stdout } = await run("/bin/sh", ["-c", command], { env: { ...monitor.env, TERM: "xterm-256color" } });
    assert.match(stdout, /pier/);
    return stdout.includes("\u001b[");
  };
  assert.deepEqual([await coloured("MPM_X=1"), await coloured("NO_COLOR=1")], [true, false]);
});
