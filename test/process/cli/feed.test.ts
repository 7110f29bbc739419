// mpm tail and mpm top read along through whatever ends a connection: a new token, a monitor elsewhere, a new store.

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { testWith } from "../../tools.ts";
import { dist, mpm, NODE, start, tempWorld, until } from "../../world.ts";
import { envelope, type RunningMonitor, runMonitor } from "../trust/monitor.ts";
import { terminal } from "./terminal.ts";

test("tail goes on after a new token, and with a new store on another port from its first row", async (t) => {
  const world = tempWorld(t);
  const monitor = await runMonitor(t, { world });
  const tail = start(t, NODE, [dist("cli.js"), "tail", "--json"], monitor.env);
  let said = "";
  tail.stdout?.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const seqs = () => [...said.matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq));
  let seq = 0;
  const sees = async (one: RunningMonitor) => {
    const before = seqs().length;
    await until(
      async () => {
        await one.store(envelope(++seq));
        return seqs().length > before;
      },
      30_000,
      "a row",
    );
    await until(() => seqs().at(-1) === seq, 10_000, "the last row");
  };
  await sees(monitor);
  const first = seqs()[0] ?? 0;
  assert.equal((await mpm(["monitor", "token", "--rotate"], { env: monitor.env })).status, 0);
  await monitor.health().catch(() => {});
  await sees(monitor);
  await monitor.kill("SIGTERM");
  for (const end of ["-wal", "-shm"]) rmSync(join(world.mpmHome, `monitor.db${end}`), { force: true });
  writeFileSync(join(world.mpmHome, "monitor.db"), "no database ".repeat(1000));
  await sees(await runMonitor(t, { world }));
  assert.deepEqual(
    seqs(),
    Array.from({ length: seq - first + 1 }, (_, index) => first + index),
  );
});

const asks = (id: string) => ({
  ...envelope(1, { session: id, tool_name: "AskUserQuestion", tool_use_id: "t1", tool_input: { questions: [] } }),
  hook_event_name: "PreToolUse",
  project_dir: `/home/dana/${id}`,
});

testWith("tmux")("top goes on after a new token, and drops what is forgotten", async (t) => {
  const monitor = await runMonitor(t);
  const { see, press } = await terminal(t, [NODE, dist("cli.js"), "top"], monitor.env);
  await monitor.store(asks("pier"));
  await see(/waiting +\S+ m?s +pier /);
  assert.equal((await mpm(["monitor", "token", "--rotate"], { env: monitor.env })).status, 0);
  await monitor.store(asks("quay"));
  await see(/waiting +\S+ m?s +quay /);
  assert.doesNotMatch(await see(/quay/), /has gone/);
  const removed = await mpm(["forget", "--session", "pier"], { env: monitor.env });
  assert.equal(removed.status, 0, removed.stderr);
  await see(/^(?![\s\S]* pier )[\s\S]* quay /);
  await press("q");
});
