// What can go wrong with the hook and the relay.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dist, HOOK, NODE, start, until } from "../../world.ts";
import { fillUp, mountSmall, useUpInodes } from "../disk.ts";

import { type Cell, fewFiles, inHome, killRelay, NOBODY, NOISE, namesIn, paused, setAside } from "./cell.ts";

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
      writeFileSync(join(spool, "1.00-4194301"), "mpm1\0Stop\0cut");
      writeFileSync(join(spool, "not-an-entry"), Buffer.alloc(5000, 0xff));
      mkdirSync(join(spool, "2.00-2"));
      symlinkSync("/dev/zero", join(spool, "3.00-3"));
      execFileSync("mkfifo", [join(spool, "4.00-4")]);
    },
    seen: (scene) =>
      until(() => namesIn(inHome(scene, "rejected")).length === 10, 20_000, "five rejected, a reason beside each"),
  },
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
    fault: "clock jumps between entries, both ways",
    strike: (scene) => {
      const resume = paused((one) => one.relayPid())(scene);
      return () => {
        const HOUR_S = 3600;
        for (const [index, name] of readdirSync(inHome(scene, "spool")).sort().entries()) {
          const at = Date.now() / 1000 + (index % 2 === 0 ? HOUR_S : -HOUR_S / 4);
          utimesSync(inHome(scene, "spool", name), at, at);
        }
        resume();
      };
    },
  },
];
