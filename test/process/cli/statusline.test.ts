// The line for Claude Code's status line: the shell script and the verb say the same, and the monitor keeps what they say.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mpm, ROOT, run, tempWorld, until } from "../../world.ts";
import { envelope, runMonitor } from "../trust/monitor.ts";

const SCRIPT = join(ROOT, "hooks/mpm-statusline");
const given = (id: string) => JSON.stringify({ hook_event_name: "Status", session_id: id, cwd: "/x", model: {} });

interface Case {
  readonly name: string;
  readonly file: string;
  readonly input?: string;
  readonly says: string;
}

const CASES: readonly Case[] = [
  { name: "nothing is known", file: "", says: "" },
  { name: "another format", file: "mpm9 $1.00 today\na pier (plan)\n", says: "" },
  { name: "a cost alone", file: "mpm1 $1.20 today\n", says: "$1.20 today\n" },
  { name: "one waits, and no cost", file: "mpm1 \na pier (permission)\n", says: "1 waits: pier (permission)\n" },
  {
    name: "the session itself is left out",
    file: "mpm1 $1.20 today\na pier (permission)\nb quay (plan)\n",
    input: given("a"),
    says: "1 waits: quay (plan) · $1.20 today\n",
  },
  { name: "only itself waits", file: "mpm1 \na pier (permission)\n", input: given("a"), says: "" },
  {
    name: "more than fit",
    file: `mpm1 $0.10 today\n${["a", "b", "c", "d", "e"].map((id) => `${id} p-${id} (question)\n`).join("")}`,
    input: `${JSON.stringify(JSON.parse(given("b")), null, 2)}\n`,
    says: "4 wait: p-a (question), p-c (question), p-d (question), +1 · $0.10 today\n",
  },
  {
    name: "no JSON",
    file: "mpm1 $0.10 today\na pier (plan)\n",
    input: "hello",
    says: "1 waits: pier (plan) · $0.10 today\n",
  },
];

for (const { name, file, input = "", says } of CASES)
  test(`the script and the verb say the same where ${name}`, async (t) => {
    const { env, mpmHome } = tempWorld(t);
    mkdirSync(mpmHome, { mode: 0o700 });
    writeFileSync(join(mpmHome, "statusline"), file);
    for (const shell of ["sh", "bash"]) {
      const { status, stdout, stderr } = await run(shell, [SCRIPT], { env, input });
      assert.deepEqual([status, stdout, stderr], [0, says, ""], shell);
    }
    const verb = await mpm(["statusline"], { env, input });
    assert.deepEqual([verb.status, verb.stdout, verb.stderr], [0, says, ""]);
    writeFileSync(join(mpmHome, "disabled"), "");
    assert.equal((await run("sh", [SCRIPT], { env, input })).stdout, "", "paused, nothing is known to be so");
    assert.equal((await mpm(["statusline"], { env, input })).stdout, "");
  });

test("without a home nothing is said and nothing is made", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  const { status, stdout, stderr } = await run("sh", [SCRIPT], { env, input: given("a") });
  assert.deepEqual([status, stdout, stderr, existsSync(mpmHome)], [0, "", "", false]);
});

test("the monitor keeps the file from when somebody asks, for its user alone, and nobody else has one", async (t) => {
  const monitor = await runMonitor(t);
  const file = join(monitor.home, "statusline");
  const asks = {
    ...envelope(1, { session: "w1", tool_name: "AskUserQuestion", tool_use_id: "t1", tool_input: { questions: [] } }),
    hook_event_name: "PreToolUse",
    project_dir: "/home/dana/pier \u001b[31m",
  };
  await monitor.store(asks);
  assert.equal(existsSync(file), false);
  const line = async (id: string) => (await run("sh", [SCRIPT], { env: monitor.env, input: given(id) })).stdout;
  assert.equal(await line("other"), "", "it is made by that");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await monitor.store({ ...asks, id: "again", session_id: "w2", data: { ...asks.data, session_id: "w2" } });
  await until(() => readFileSync(file, "utf8").split("\n").length === 4, 10_000, "both in the file");
  assert.match(await line("w1"), /^1 waits: pier [^\u001b]*\(question\)\n$/);
  assert.match(await line("other"), /^2 wait: /);
  rmSync(file);
  assert.equal(await line("other"), "", "it is made anew");
  await monitor.store(envelope(1, { session: "w3" }));
  await until(() => readFileSync(file, "utf8").split("\n").length === 4, 10_000, "both in the new file, too");
  await monitor.store({ ...envelope(2, { session: "w1" }), hook_event_name: "Stop" });
  await until(async () => (await line("w2")) === "", 10_000, "the answer");
});
