// Who holds relay or monitor of this home where its pid cannot be looked up: a container that shares the home, or another
// machine. The lock says that it lives, what it wrote down says where.

import type { Paths } from "../config/config.ts";
import { isHeld } from "../platform/lock.ts";
import { isHere } from "../platform/machine.ts";
import { readAddress } from "./address.ts";
import { readStatus } from "./presence.ts";

export interface Holder {
  readonly host: string;
  /** As it counts there. */
  readonly pid: number;
}

/** The relay of this home, where it runs elsewhere. */
export function relayElsewhere(paths: Paths): Holder | undefined {
  const said = readStatus(paths);
  if (said === undefined || said.endedAt !== undefined || isHere(said)) return undefined;
  return isHeld(paths.relayState) ? { host: said.host, pid: said.pid } : undefined;
}

/** The monitor of this home, where it runs elsewhere. */
export function monitorElsewhere(paths: Paths): Holder | undefined {
  const address = readAddress(paths);
  if (!address || isHere(address) || !isHeld(paths.monitorLock)) return undefined;
  return { host: address.host ?? "another machine", pid: address.pid };
}
