// A cell of the matrix of parts and faults, and what bringing a fault about needs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { ToolName } from "../../../tools.ts";
import { isAlive, until } from "../../../world.ts";
import type { Between } from "../disk.ts";
import type { Scene, SceneSettings } from "../scene.ts";

export const NOBODY = 65_534;

export interface Cell {
  readonly part: "hook" | "relay" | "monitor" | "network" | "page" | "host";
  readonly fault: string;
  readonly needs?: readonly ToolName[];
  readonly settings?: SceneSettings;
  /** The fault comes before anything has run. */
  readonly atFirst?: boolean;
  /** Brings the fault about. @returns how it goes away, and what had to hold while it stood */
  readonly strike: (scene: Scene, t: TestContext) => unknown;
  /** It stands so long at least. */
  readonly standsMs?: number;
  /** While it stands hooks cannot store: what is sent then may be lacking. */
  readonly noStoring?: true;
  /** How hooks are run while it stands. */
  readonly wrap?: readonly string[];
  /** What else must be seen in the end. */
  readonly seen?: (scene: Scene) => unknown;
}

export const signal = (pid: number | undefined, name: NodeJS.Signals) => {
  assert.ok(pid && pid > 1, "it runs");
  process.kill(pid, name);
};
export const gone = (pid: number | undefined) => until(() => pid === undefined || !isAlive(pid), 5000, "its end");
export const inHome = (scene: Scene, ...parts: string[]) => join(scene.home, ...parts);
export const namesIn = (dir: string) => (existsSync(dir) ? readdirSync(dir) : []);
export const setAside = (scene: Scene, name: string) =>
  assert.ok(
    readdirSync(scene.home).some((file) => file.startsWith(`${name}.corrupt-`)),
    `${name} is set aside, not deleted: ${readdirSync(scene.home)}`,
  );

export const NOISE = "this is no database, and long enough to be looked at\n".repeat(200);
export const PAGE_BYTES = 4096;

/** Overwrites the middle of a file with noise. */
export function damage(file: string, from: number, bytes: number): void {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, Buffer.alloc(bytes, 0x5a), 0, bytes, from);
  closeSync(descriptor);
}

export async function killMonitor(scene: Scene): Promise<void> {
  const pid = scene.monitorPid();
  signal(pid, "SIGKILL");
  await gone(pid);
}

export async function killRelay(scene: Scene): Promise<void> {
  const pid = scene.relayPid();
  signal(pid, "SIGKILL");
  await gone(pid);
}

export const paused = (pidOf: (scene: Scene) => number | undefined) => (scene: Scene) => {
  const pid = pidOf(scene);
  signal(pid, "SIGSTOP");
  return () => signal(pid, "SIGCONT");
};

export const fewFiles = (pidOf: (scene: Scene) => number | undefined) => (scene: Scene) => {
  const pid = pidOf(scene);
  const open = readdirSync(`/proc/${pid}/fd`).length;
  execFileSync("prlimit", ["--pid", `${pid}`, `--nofile=${open}:4096`]);
  return () => {
    if (pid && isAlive(pid)) execFileSync("prlimit", ["--pid", `${pid}`, "--nofile=1024:4096"]);
  };
};

/** What stands between relay and monitor, where a fault is of the network. */
export const proxies = new WeakMap<Scene, Between>();
