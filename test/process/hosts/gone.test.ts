// Which sessions are lost: those whose process is gone, in the namespace that its pid counts in, and no others.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { findGone, type Here, isGone } from "../../../src/hosts/gone.ts";
import { readSessionFile, sessionsBeside } from "../../../src/hosts/session-file.ts";
import { bootedAt, thisMachine } from "../../../src/platform/machine.ts";
import { isAlive, startTicks } from "../../../src/platform/process.ts";
import { openHostPids } from "../../../src/relay/host-pid.ts";
import { openTestStore } from "../../unit/store/open.ts";
import { NODE, tempDir } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";

const NOW = Date.UTC(2026, 0, 2);
const here: Here = {
  name: "a",
  machine: "m",
  pidns: "boot:1",
  pidDomain: "linux:id:pid:[1]",
  bootedAt: NOW - 3_600_000,
  isAlive: (pid) => pid === 2,
  startTicks: () => 77,
};
const of = (more: object) => ({ pid: 1, machine: "m", pidns: "boot:1", host: "a", lastAt: NOW, ...more });
const file = (more: object) => ({ pid: 1, sessionId: "s", pidDomain: "linux:id:pid:[1]", procStart: "77", ...more });

describe("a session is lost", () => {
  test("if its process is gone here, whatever the machine is called by now", () => {
    assert.equal(isGone(of({}), undefined, here), true);
    assert.equal(isGone(of({ pid: 2 }), undefined, here), false);
    assert.equal(isGone(of({ host: "renamed" }), undefined, here), true);
    assert.equal(isGone(of({ pid: undefined }), undefined, here), false);
  });

  test("not by a number that counts elsewhere, or nobody knows where", () => {
    assert.equal(isGone(of({ machine: "other" }), undefined, here), false, "another machine of the same name");
    assert.equal(isGone(of({ pidns: "boot:2" }), undefined, here), false, "a sandbox");
    assert.equal(isGone(of({ pidns: undefined }), undefined, here), false);
  });

  test("by what the host has written of itself, where there is that", () => {
    assert.equal(isGone(of({ pidns: undefined }), file({}), here), true);
    assert.equal(isGone(of({ pid: 2, pidns: undefined }), file({ pid: 2 }), here), false);
    assert.equal(
      isGone(of({ pid: 2 }), file({ pid: 2, procStart: "12" }), here),
      true,
      "its number is another's by now",
    );
    assert.equal(isGone(of({}), file({ pidDomain: "linux:id:pid:[9]" }), here), false);
  });

  test("if it was there before the machine was started", () => {
    assert.equal(isGone(of({ pidns: "before:1", lastAt: NOW - 8_000_000 }), undefined, here), true);
    assert.equal(isGone(of({ pidns: "before:1", machine: "other", lastAt: NOW - 8_000_000 }), undefined, here), false);
  });

  test("as before, where an earlier relay has sent its events", () => {
    assert.equal(isGone(of({ machine: undefined, pidns: undefined }), undefined, here), true);
    assert.equal(isGone(of({ machine: undefined, pidns: undefined, host: "b" }), undefined, here), false);
  });

  test("in the store, and only that", async (t) => {
    const store = openTestStore(t, tempDir(t));
    const { machine, pidns } = here;
    const event = (session: string, host: object) => ({
      ...envelope(1, { session }),
      host: { name: "a", machine, pidns, ...host },
    });
    await store.append([
      event("gone", { pid: 1 }),
      event("here", { pid: 2 }),
      event("elsewhere", { pid: 1, machine: "x" }),
    ]);
    await findGone({ store, here: { ...here, bootedAt: 0 }, now: Date.now, fileOf: async () => undefined });
    const { sessions } = await store.sessions({ limit: 10 });
    assert.deepEqual(Object.fromEntries(sessions.map(({ id, state }) => [id, state])), {
      gone: "lost",
      here: "idle",
      elsewhere: "idle",
    });
  });
});

describe("a machine", () => {
  test("says nothing of what it is made from", () => {
    if (existsSync("/etc/machine-id"))
      assert.ok(!thisMachine().machine?.includes(readFileSync("/etc/machine-id", "utf8").trim()));
  });

  const inside = (command: string[]) => {
    const script = `import { pidDomain, thisMachine } from ${JSON.stringify(join(import.meta.dirname, "../../../src/platform/machine.ts"))};
      console.log(JSON.stringify({ ...thisMachine(), pidDomain: pidDomain() }))`;
    const [program = "", ...args] = [...command, NODE, "--input-type=module", "-e", script];
    const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
    return status === 0 ? (JSON.parse(stdout) as Pick<Here, "machine" | "pidns" | "pidDomain">) : undefined;
  };
  const user = process.getuid?.() === 0 ? [] : ["-r"];

  test("is what it was when it is renamed", { skip: process.platform !== "linux" }, (t) => {
    const renamed = inside(["unshare", ...user, "-u", "sh", "-c", 'hostname elsewhere && exec "$@"', "sh"]);
    if (!renamed) return t.skip("no namespaces here");
    assert.deepEqual(renamed, inside([]));
  });

  test("counts processes apart in every pid namespace", { skip: process.platform !== "linux" }, (t) => {
    const apart = inside(["unshare", ...user, "-p", "-f", "--mount-proc"]);
    if (!apart) return t.skip("no namespaces here");
    const first = inside([]);
    assert.equal(apart.machine, first?.machine);
    assert.notEqual(apart.pidns, first?.pidns);
    assert.notEqual(apart.pidDomain, first?.pidDomain);
  });
});

describe("a pid that a hook names", () => {
  test("counts where the relay is if a process of this user lives here that is older than the event", async (t) => {
    const child = spawn(NODE, ["-e", "setTimeout(() => {}, 60_000)"], { stdio: "ignore" });
    t.after(() => child.kill("SIGKILL"));
    await once(child, "spawn");
    const { pid } = child;
    assert.ok(pid !== undefined);
    const boot = bootedAt(Date.now());
    let now = Date.now();
    const pids = openHostPids("ns", boot, () => now);
    assert.equal(pids.namespaceOf(pid, Date.now()), "ns");
    assert.equal(pids.namespaceOf(undefined, Date.now()), undefined);
    if (process.platform === "linux")
      assert.equal(pids.namespaceOf(pid, Date.now() - 3_600_000), undefined, "it did not live then");
    child.kill("SIGKILL");
    await once(child, "exit");
    now += 60_000;
    assert.equal(pids.namespaceOf(pid, Date.now()), undefined);
    assert.ok(!isAlive(pid) && startTicks(pid) === undefined);
  });

  test("counts nowhere known if it is another user's here", { skip: process.getuid?.() === 0 }, () => {
    assert.equal(openHostPids("ns", 0, Date.now).namespaceOf(1, Date.now()), undefined);
  });
});

describe("what a host writes of itself", () => {
  test("is read where it is whole and its own, and nowhere else", async (t) => {
    const directory = tempDir(t);
    const put = (name: string, content: unknown) => writeFileSync(join(directory, name), JSON.stringify(content));
    put("7.json", { pid: 7, sessionId: "s", status: "busy", statusUpdatedAt: 5, more: { is: "kept out" } });
    assert.equal((await readSessionFile(directory, 7))?.status, "busy");
    put("8.json", { pid: 7, sessionId: "s" });
    put("9.json", { pid: 9, sessionId: "s", status: 3 });
    put("11.json", { pid: 11, sessionId: "s", filler: "x".repeat(100_000) });
    writeFileSync(join(directory, "10.json"), '{"pid":10,"sessio');
    for (const pid of [8, 9, 10, 11, 12]) assert.equal(await readSessionFile(directory, pid), undefined, `${pid}`);
  });

  test("lies beside the transcripts of its configuration", () => {
    assert.equal(sessionsBeside("/h/.claude/projects/-p/s.jsonl"), "/h/.claude/sessions");
    for (const other of [
      "/h/.claude/elsewhere/-p/s.jsonl",
      "projects/-p/s.jsonl",
      "/s.jsonl",
      "/h/projects/p/s.json",
      3,
    ])
      assert.equal(sessionsBeside(other), undefined);
  });
});
