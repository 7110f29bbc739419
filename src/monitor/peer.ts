// Whose process is at the other end of a connection on this machine.
// A browser shows a cookie of 127.0.0.1 to every port of it, so that a server which another user runs here can be shown
// ours. The cookie therefore opens the monitor to processes of this user alone, where the kernel tells whose they are.

import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

const ROOT = 0;
const known = new WeakMap<Socket, boolean>();

/** False only if the kernel says that the other end is of another user of this machine; root may do anything anyway. */
export function peerIsOurs(socket: Socket): boolean {
  let ours = known.get(socket);
  if (ours === undefined) {
    const user = uidOf(socket.remotePort, socket.localPort);
    ours = user === undefined || user === ROOT || user === process.geteuid?.();
    known.set(socket, ours);
  }
  return ours;
}

const ESTABLISHED = "01";

/** The owner of the socket from port `from` to port `to` of this machine; undefined where that is not to be known. */
function uidOf(from: number | undefined, to: number | undefined): number | undefined {
  if (from === undefined || to === undefined) return undefined;
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    let lines: string[];
    try {
      lines = readFileSync(table, "utf8").split("\n");
    } catch {
      continue; // no /proc, or no IPv6
    }
    for (const line of lines) {
      const [, local, remote, state, , , , uid] = line.trim().split(/\s+/);
      if (state === ESTABLISHED && portOf(local) === from && portOf(remote) === to) return Number(uid);
    }
  }
  return undefined;
}

const portOf = (address: string | undefined) => Number.parseInt(address?.split(":")[1] ?? "", 16);
