// How the relay is seen from outside: relay.pid and relay.alive for the hook, relay.json for people and tools.
// - relay.alive leads through /proc/<pid>/cwd to relay.db: it is good only while that process works in this home, so
//   that neither a kill nor a pid that has passed on can make the hook believe in a relay that is gone.
// - Absent first, then the last look into the spool: an event that a hook stored while it saw the relay is seen.

import { readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../config/config.ts";
import { RelayStatus } from "../contract/relay-status.ts";
import { replaceFile } from "../platform/file.ts";
import { readText } from "../platform/read.ts";

/** A relay that died within this time of its start may do so again: hooks then try only every few seconds. */
const SUSPECT_MS = 10_000;

/** Announces this process as the relay. Its working directory must be the home. */
export function appear(paths: Paths, now: number): void {
  const before = readStatus(paths);
  replaceFile(paths.relayPid, `${process.pid}\n`);
  const aside = `${paths.relayAlive}.${process.pid}`;
  rmSync(aside, { force: true });
  symlinkSync(`/proc/${process.pid}/cwd/relay.db`, aside);
  renameSync(aside, paths.relayAlive);
  const crashed = before !== undefined && before["endedAt"] === undefined && now - before.startedAt < SUSPECT_MS;
  if (!crashed) dropClaims(paths);
}

/** Takes the announcement back: from now on hooks start another relay. */
export function disappear(paths: Paths): void {
  rmSync(paths.relayAlive, { force: true });
  rmSync(paths.relayPid, { force: true });
}

/** Removes the hooks' claims, so that the next hook that finds no relay starts one at once. */
export function dropClaims(paths: Paths): void {
  for (const name of readdirSync(paths.home))
    if (name.startsWith("relay.claim-")) rmSync(join(paths.home, name), { force: true });
}

export function writeStatus(paths: Paths, status: RelayStatus): void {
  try {
    replaceFile(paths.relayStatus, `${JSON.stringify(status)}\n`);
  } catch {
    // a full disk: the status is old then, and says so by its time
  }
}

/** What the last relay said of itself, whether it lives or not. */
export function readStatus(paths: Paths): RelayStatus | undefined {
  try {
    return RelayStatus.parse(JSON.parse(readText(paths.relayStatus) ?? ""));
  } catch {
    return undefined;
  }
}
