// Asks this home's monitor how it is over the socket in the home: a connection to a file, no proof, one line of JSON.
// - It is asked where only this user can have put it: the socket and its directory are this user's, and nobody else can write
//   there. Nothing is sent, so that nobody is told anything; what comes must name the instance that monitor.json names.
// - Undefined wherever that cannot be had: the port is asked then (client.ts), and says why.

import { lstatSync, type Stats } from "node:fs";
import { connect } from "node:net";
import type { Config, Paths } from "../config/config.ts";
import { HealthAtHome } from "../contract/at-home.ts";
import { pidNamespace } from "../platform/machine.ts";
import { readAddress } from "./address.ts";
import { isLoopback } from "./target.ts";
import { readToken } from "./token.ts";

/** Of a path in sockaddr_un: macOS has room for 103 bytes and a NUL, Linux for four more. */
const MAX_PATH_BYTES = 103;
const OTHERS_WRITE = 0o022;
const ANSWER_WITHIN_MS = 3000;
const MAX_CHARS = 8 * 1024 * 1024;

/** Whether a monitor can listen there, and be asked. */
export const canBeSocket = (file: string): boolean =>
  process.platform !== "win32" && Buffer.byteLength(file) <= MAX_PATH_BYTES;

export interface AtHome {
  readonly url: string;
  readonly health: HealthAtHome;
}

/** What the monitor of this home says of itself, where events go to it. */
export async function healthAtHome(config: Config, signal: AbortSignal): Promise<AtHome | undefined> {
  const { paths } = config;
  if (config.serverUrl !== undefined || config.serverToken !== undefined || !isOurs(paths)) return undefined;
  try {
    const token = readToken(paths);
    const address = readAddress(paths);
    if (!address || !token.ok || token.value === undefined) return undefined;
    // A pid namespace of another kernel may have the same number, but its sockets do not answer here.
    if (address.pidns !== pidNamespace() || !isLoopback(new URL(address.url).hostname)) return undefined;
    const health = HealthAtHome.parse(JSON.parse(await lineFrom(paths.monitorSocket, signal)));
    return health.instance === address.instance ? { url: address.url, health } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the socket is there, and nobody but this user can have put it there. */
function isOurs({ home, monitorSocket }: Paths): boolean {
  if (!canBeSocket(monitorSocket)) return false;
  const user = process.geteuid?.();
  const own = (stats: Stats | undefined) =>
    stats !== undefined && stats.uid === user && (stats.mode & OTHERS_WRITE) === 0 ? stats : undefined;
  const directory = own(lstatSync(`${home}/.`, { throwIfNoEntry: false }));
  return directory !== undefined && own(lstatSync(monitorSocket, { throwIfNoEntry: false }))?.isSocket() === true;
}

function lineFrom(file: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(file);
    const stop = () => socket.destroy(new Error("no answer"));
    let line = "";
    signal.addEventListener("abort", stop, { once: true });
    socket.setEncoding("utf8").setTimeout(ANSWER_WITHIN_MS, stop);
    socket.on("data", (text: string) => {
      line += text;
      if (line.length > MAX_CHARS) stop();
    });
    socket.once("error", reject).once("end", () => resolve(line));
    socket.once("close", () => {
      signal.removeEventListener("abort", stop);
      reject(new Error("no answer"));
    });
  });
}
