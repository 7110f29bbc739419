// What can go wrong with the hook and the relay.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { dist, HOOK, NODE, start, until } from "../../../world.ts";
import { fillUp, mountSmall, onSlowDisk, slowDown, useUpInodes } from "../disk.ts";
import { type Cell, fewFiles, inHome, killRelay, NOBODY, NOISE, namesIn, paused, setAside } from "./cell.ts";

const HOUR_MS = 3_600_000;
/** Where Debian keeps it. */
const FAKETIME = ["x86_64", "aarch64"].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`);

/** Its writer is gone: no pid is that large. */
const CUT = "1.00-4194301";

export const RELAY_CELLS: readonly Cell[] = [
  {
    part: "hook",
    fault: "kill -9 while it stores",
    async strike(scene) {
      const names = () => namesIn(inHome(scene, "spool"));
      await until(() => names().length === 0, 5000, "an empty spool");
      const child = spawn(HOOK, ["Stop"], {
        env: scene.env,
        stdio: ["pipe", "ignore", "ignore"],
        detached: true,
      });
      const closed = once(child, "close");
      child.stdin.write('{"hook_event_name":"Stop",');
      await until(() => names().length > 0, 5000, "the entry");
      process.kill(-(child.pid as number), "SIGKILL");
      await closed;
    },
    seen: (scene) => until(() => namesIn(inHome(scene, "rejected")).length === 2, 20_000, "the entry that was cut off"),
  },
  {
    part: "hook",
    fault: "EMFILE: one descriptor more than a shell needs to begin",
    wrap: ["prlimit", "--nofile=13"],
    noStoring: true,
    strike: () => {},
  },
  {
    part: "hook",
    fault: "ENOSPC in the spool",
    noStoring: true,
    strike: (scene) => {
      scene.after(mountSmall(inHome(scene, "spool"), "size=64k"));
      return fillUp(inHome(scene, "spool"));
    },
  },
  {
    part: "hook",
    fault: "no inodes left in the spool",
    noStoring: true,
    strike: (scene) => {
      scene.after(mountSmall(inHome(scene, "spool"), "size=1m,nr_inodes=20"));
      return useUpInodes(inHome(scene, "spool"));
    },
  },
  {
    part: "hook",
    fault: "EACCES on the spool",
    settings: { uid: NOBODY },
    noStoring: true,
    strike: (scene) => {
      chmodSync(inHome(scene, "spool"), 0o000);
      return () => chmodSync(inHome(scene, "spool"), 0o700);
    },
  },
  {
    part: "hook",
    fault: "a slow disk: each call takes a fiftieth of a second",
    needs: ["strace"],
    wrap: onSlowDisk(20),
    strike: () => {},
  },
  { part: "relay", fault: "kill -9", strike: killRelay },
  { part: "relay", fault: "SIGSTOP", strike: paused((scene) => scene.relayPid()) },
  { part: "relay", fault: "EMFILE", strike: fewFiles((scene) => scene.relayPid()) },
  {
    part: "relay",
    fault: "EACCES on its database when it starts",
    settings: { uid: NOBODY },
    async strike(scene) {
      await killRelay(scene);
      chmodSync(inHome(scene, "relay.db"), 0o000);
      return () => chmodSync(inHome(scene, "relay.db"), 0o600);
    },
  },
  {
    part: "relay",
    fault: "a corrupt database when it starts",
    async strike(scene) {
      await killRelay(scene);
      for (const name of ["relay.db", "relay.db-wal"]) writeFileSync(inHome(scene, name), NOISE);
    },
    seen: (scene) => setAside(scene, "relay.db"),
  },
  {
    part: "relay",
    fault: "corrupt spool entries",
    async strike(scene) {
      await killRelay(scene);
      const spool = inHome(scene, "spool");
      writeFileSync(join(spool, CUT), "mpm1\0Stop\0cut");
      writeFileSync(join(spool, "not-an-entry"), Buffer.alloc(5000, 0xff));
      mkdirSync(join(spool, "2.00-2"));
      symlinkSync("/dev/zero", join(spool, "3.00-3"));
      execFileSync("mkfifo", [join(spool, "4.00-4")]);
    },
    seen: (scene) =>
      until(() => namesIn(inHome(scene, "rejected")).length === 10, 20_000, "five rejected, a reason beside each"),
  },
  ...[
    { name: "ENOSPC", options: "size=16m", exhaust: fillUp },
    { name: "no inodes left", options: "size=32m,nr_inodes=60", exhaust: useUpInodes },
  ].map(
    ({ name, options, exhaust }): Cell => ({
      part: "relay",
      fault: `${name} in the whole home, while an event has to go to rejected/`,
      settings: { prepare: (home) => mountSmall(home, options) },
      noStoring: true,
      strike(scene) {
        writeFileSync(inHome(scene, "spool", CUT), "mpm1\0Stop\0cut");
        const undo = exhaust(scene.home); // before it counts as cut off
        return () => {
          assert.ok(namesIn(inHome(scene, "spool")).includes(CUT), "it stays in the spool");
          undo();
        };
      },
      seen: (scene) =>
        until(
          () => namesIn(inHome(scene, "rejected")).includes(`${CUT}.reason.json`),
          20_000,
          "the entry in rejected/",
        ),
    }),
  ),
  {
    part: "relay",
    fault: "stale pid and status files, the pid now a stranger's",
    async strike(scene, t) {
      await killRelay(scene);
      const stranger = start(t, "sleep", ["60"], {});
      writeFileSync(inHome(scene, "relay.pid"), `${stranger.pid}\n`);
    },
  },
  {
    part: "relay",
    fault: "eight that start at once",
    async strike(scene, t) {
      await killRelay(scene);
      for (let n = 0; n < 8; n++) start(t, NODE, [dist("relay.js")], scene.env);
    },
    seen: (scene) => until(() => scene.relays().length === 1, 10_000, "one relay"),
  },
  {
    part: "relay",
    fault: "its database locked by another program when it starts",
    standsMs: 4000,
    async strike(scene) {
      await killRelay(scene);
      const db = new DatabaseSync(inHome(scene, "relay.db"), { timeout: 1000 });
      db.exec("BEGIN IMMEDIATE");
      return () => db.close();
    },
  },
  {
    part: "relay",
    fault: "a slow disk, and it stays so: each call takes a twentieth of a second",
    needs: ["strace"],
    strike: (scene, t) => slowDown(t, scene.relayPid() as number, 50),
  },
  {
    part: "relay",
    fault: "clock of relay and monitor jumps a day ahead and two days back",
    needs: ["faketime"],
    settings: {
      prepare: (home) => void writeFileSync(join(home, "clock"), "+0"),
      env: (home) => {
        const [library] = FAKETIME.filter(existsSync);
        assert.ok(library, "libfaketime is missing: apt-get install faketime");
        return {
          LD_PRELOAD: library,
          FAKETIME_TIMESTAMP_FILE: join(home, "clock"),
          FAKETIME_NO_CACHE: "1",
          FAKETIME_DONT_FAKE_MONOTONIC: "1",
          NO_FAKE_STAT: "1",
        };
      },
    },
    strike: (scene) => {
      writeFileSync(inHome(scene, "clock"), "+1d");
      return () => writeFileSync(inHome(scene, "clock"), "-1d");
    },
    async seen(scene) {
      const { now } = await scene.health();
      assert.ok(now < Date.now() - 23 * HOUR_MS, "the monitor's clock did jump");
      assert.equal((await scene.health()).gaps, 0);
    },
  },
  {
    part: "relay",
    fault: "clock jumps between entries, both ways",
    strike: (scene) => {
      const resume = paused((one) => one.relayPid())(scene);
      return () => {
        const HOUR_S = HOUR_MS / 1000;
        for (const [index, name] of readdirSync(inHome(scene, "spool")).sort().entries()) {
          const at = Date.now() / 1000 + (index % 2 === 0 ? HOUR_S : -HOUR_S / 4);
          utimesSync(inHome(scene, "spool", name), at, at);
        }
        resume();
      };
    },
  },
];
