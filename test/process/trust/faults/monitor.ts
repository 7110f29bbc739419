// What can go wrong with the monitor, the way to it, a page of it and the host.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { dist, HOOK, NODE, start, until } from "../../../world.ts";
import { fillUp, mountSmall, slowDown, useUpInodes } from "../disk.ts";
import { RECOVERED_WITHIN_MS, type Scene } from "../scene.ts";
import {
  type Cell,
  damage,
  fewFiles,
  inHome,
  killMonitor,
  killRelay,
  NOISE,
  namesIn,
  paused,
  proxies,
  setAside,
} from "./cell.ts";

/** So long the monitor waits for a lock. */
const BUSY_MS = 2000;

const locked = (scene: Scene) => {
  const db = new DatabaseSync(inHome(scene, "monitor.db"), { timeout: BUSY_MS });
  db.exec("BEGIN IMMEDIATE");
  return () => db.close();
};

const storeElsewhere = (home: string) => void symlinkSync(`${home}-store/monitor.db`, join(home, "monitor.db"));

export const MONITOR_CELLS: readonly Cell[] = [
  { part: "monitor", fault: "kill -9", strike: killMonitor },
  { part: "monitor", fault: "SIGSTOP", strike: paused((scene) => scene.monitorPid()) },
  { part: "monitor", fault: "EMFILE", strike: fewFiles((scene) => scene.monitorPid()) },
  {
    part: "monitor",
    fault: "kill -9 of relay and monitor at once",
    async strike(scene) {
      await Promise.all([killRelay(scene), killMonitor(scene)]);
    },
  },
  {
    part: "monitor",
    fault: "ENOSPC in the store",
    settings: { prepare: storeElsewhere },
    atFirst: true,
    strike: (scene) => {
      const dir = `${scene.home}-store`;
      scene.after(mountSmall(dir, "size=2m"));
      return fillUp(dir);
    },
  },
  {
    part: "monitor",
    fault: "no inodes left where its store is to be made",
    settings: { prepare: storeElsewhere },
    atFirst: true,
    strike: (scene) => {
      const dir = `${scene.home}-store`;
      scene.after(mountSmall(dir, "size=8m,nr_inodes=20"));
      return useUpInodes(dir);
    },
  },
  {
    part: "monitor",
    fault: "a database that is locked for longer than it waits for",
    standsMs: 3 * BUSY_MS,
    strike: locked,
  },
  {
    part: "monitor",
    fault: "a database that is locked when it starts",
    standsMs: 3 * BUSY_MS,
    async strike(scene) {
      await killMonitor(scene);
      return locked(scene);
    },
  },
  {
    part: "monitor",
    fault: "a database that is locked again and again",
    standsMs: 4 * BUSY_MS,
    strike: (scene, t) => {
      const script = `const { DatabaseSync } = require("node:sqlite"); const db = new DatabaseSync(process.env.DB, { timeout: 100 });
        const lock = () => { try { db.exec("BEGIN IMMEDIATE"); setTimeout(free, ${BUSY_MS * 1.2}); } catch { setTimeout(lock, 5); } };
        const free = () => { db.exec("COMMIT"); setTimeout(lock, 20); }; lock();`;
      const other = start(t, NODE, ["-e", script], { DB: inHome(scene, "monitor.db") });
      return () => other.kill("SIGKILL");
    },
  },
  {
    part: "monitor",
    fault: "a slow disk, and it stays so: each call takes a hundredth of a second",
    needs: ["strace"],
    strike: (scene, t) => slowDown(t, scene.monitorPid() as number, 10),
  },
  {
    part: "monitor",
    fault: "a database of a newer version, until it is upgraded",
    async strike(scene) {
      await killMonitor(scene);
      const version = (number: number) => {
        const db = new DatabaseSync(inHome(scene, "monitor.db"), { timeout: BUSY_MS });
        const { user_version: before } = db.prepare("PRAGMA user_version").get() as { user_version: number };
        db.exec(`PRAGMA user_version = ${number}`);
        db.close();
        return before;
      };
      const before = version(1000);
      return async () => {
        const log = () => readFileSync(inHome(scene, "log/monitor.log"), "utf8");
        await until(() => log().includes("store_newer"), 20_000, "the reason in the log");
        assert.ok(!namesIn(scene.home).some((name) => name.includes(".corrupt-")), "it is left where it is");
        assert.equal(version(before), 1000);
      };
    },
  },
  {
    part: "monitor",
    fault: "eight that start at once",
    async strike(scene, t) {
      await killMonitor(scene);
      for (let n = 0; n < 8; n++) start(t, NODE, [dist("monitor.js")], scene.env);
    },
    seen: (scene) => until(() => scene.monitors().length === 1, 10_000, "one monitor"),
  },
  {
    part: "monitor",
    fault: "a database that is none when it starts",
    async strike(scene) {
      await killMonitor(scene);
      scene.sent.splice(0); // what was in it is set aside with it
      for (const name of ["monitor.db", "monitor.db-wal"]) writeFileSync(inHome(scene, name), NOISE);
    },
    seen: (scene) => setAside(scene, "monitor.db"),
  },
  {
    part: "monitor",
    fault: "a database whose damage shows only when it is used",
    async strike(scene) {
      await killMonitor(scene);
      scene.sent.splice(0);
      const file = inHome(scene, "monitor.db");
      const db = new DatabaseSync(file);
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      const { root } = db.prepare("SELECT rootpage AS root FROM sqlite_schema WHERE name = 'body'").get() as {
        root: number;
      };
      const { page_size: size } = db.prepare("PRAGMA page_size").get() as { page_size: number };
      db.close();
      damage(file, (root - 1) * size, size);
    },
    seen: (scene) => setAside(scene, "monitor.db"),
  },
  {
    part: "monitor",
    fault: "a truncated WAL when it starts",
    async strike(scene) {
      await killMonitor(scene);
      scene.sent.splice(0); // what the disk has lost nobody has
      truncateSync(inHome(scene, "monitor.db-wal"), Math.floor(statSync(inHome(scene, "monitor.db-wal")).size / 2));
    },
  },
  {
    part: "monitor",
    fault: "a stale address, the pid now a stranger's",
    async strike(scene, t) {
      const stranger = start(t, "sleep", ["60"], {});
      const address = JSON.parse(readFileSync(inHome(scene, "monitor.json"), "utf8")) as Record<string, unknown>;
      await killMonitor(scene);
      writeFileSync(inHome(scene, "monitor.json"), JSON.stringify({ ...address, pid: stranger.pid }));
    },
  },
  {
    part: "monitor",
    fault: "another program on its port",
    async strike(scene, t) {
      const { port } = new URL(
        (JSON.parse(readFileSync(inHome(scene, "monitor.json"), "utf8")) as { url: string }).url,
      );
      await killMonitor(scene);
      const script = `require("http").createServer((_, r) => r.writeHead(404).end("no")).listen(${port}, "127.0.0.1")`;
      const stranger = start(t, NODE, ["-e", script], {});
      return async () => {
        const closed = once(stranger, "close");
        stranger.kill("SIGKILL");
        await closed;
      };
    },
  },
  {
    part: "network",
    fault: "connections reset",
    strike: (scene) => proxies.get(scene)?.reset(),
  },
  {
    part: "network",
    fault: "half-open: nothing comes through, nothing ends",
    strike: (scene) => {
      proxies.get(scene)?.hold();
      return () => proxies.get(scene)?.release();
    },
  },
  {
    part: "network",
    fault: "half-open for good: the relay has to notice",
    strike: (scene) => proxies.get(scene)?.hold(),
  },
  {
    part: "network",
    fault: "half-open one way: events arrive, their answers do not",
    strike: (scene) => proxies.get(scene)?.hold("answers"),
    async seen(scene) {
      await until(() => namesIn(inHome(scene, "spool")).length === 0, RECOVERED_WITHIN_MS, "answers by another way");
      assert.ok((await scene.health()).counters.repeated > 0, "it was sent again");
      assert.equal((await scene.stored()).length, scene.sent.length);
    },
  },
  {
    part: "page",
    fault: "SIGSTOP while it is told of events",
    async strike(scene, t) {
      const { url } = JSON.parse(readFileSync(inHome(scene, "monitor.json"), "utf8")) as { url: string };
      const script = `const { io } = require("socket.io-client"); const s = io(${JSON.stringify(`${url}/live`)}, { auth: { token: process.env.T } });
        s.on("connect", () => { s.emit("subscribe", { after: 0 }); console.log("connected"); });`;
      const token = readFileSync(inHome(scene, "token"), "utf8").trim();
      const page = start(t, NODE, ["-e", script], { T: token }, join(import.meta.dirname, "../../.."));
      await once(page.stdout as NodeJS.ReadableStream, "data");
      page.kill("SIGSTOP");
      return () => page.kill("SIGKILL");
    },
  },
  {
    part: "host",
    fault: "SIGSTOP of its whole process group while a hook stores",
    async strike(scene) {
      const names = () => namesIn(inHome(scene, "spool"));
      await until(() => names().length === 0, 5000, "an empty spool");
      const script = `{ printf '{"hook_event_name":"Stop",'; read -r rest; printf '%s\\n' "$rest"; } | "$HOOK" Stop`;
      const host = spawn("/bin/sh", ["-c", script], {
        env: { ...scene.env, HOOK },
        stdio: ["pipe", "ignore", "ignore"],
        detached: true,
      });
      const closed = once(host, "close");
      await until(() => names().length > 0, 5000, "the entry");
      process.kill(-(host.pid as number), "SIGSTOP");
      return async () => {
        process.kill(-(host.pid as number), "SIGCONT");
        host.stdin.end('"session_id":"paused"}\n');
        await closed;
      };
    },
    async seen(scene) {
      const paused = async () => (await scene.stored()).filter(({ session_id: id }) => id === "paused").length;
      await until(async () => (await paused()) === 1, 20_000, "what was being stored");
    },
  },
  {
    part: "host",
    fault: "kill -9 of its whole process group while hooks run",
    async strike(scene) {
      const script = `for i in 1 2 3 4 5 6 7 8; do printf '{"hook_event_name":"Stop","session_id":"killed","n":%s}\\n' $i | "$HOOK" Stop & done; wait; sleep 60`;
      const host = spawn("/bin/sh", ["-c", script], { env: { ...scene.env, HOOK }, stdio: "ignore", detached: true });
      const closed = once(host, "close");
      await until(
        async () => (await scene.stored()).some(({ session_id: id }) => id === "killed"),
        20_000,
        "its events",
      );
      process.kill(-(host.pid as number), "SIGKILL");
      await closed;
    },
  },
];
