// Where events go: the configured server, else the monitor of this home wherever it listens, else the default address.
// - The home's own token is sent to loopback addresses only.
// - Plain http to another machine needs the user's word.

import { readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { DEFAULT_PORT } from "../config/settings.ts";
import { MonitorAddress } from "../contract/health.ts";
import { isAlive } from "../platform/process.ts";
import { readToken } from "./token.ts";

export interface Resolved {
  readonly url: string;
  readonly token: string | undefined;
  /** The monitor of this home belongs there, and may be started when nothing listens. */
  readonly local: boolean;
}

/** @returns the target, or in words why there is none */
export function resolveTarget(config: Config): Resolved | string {
  const standard = `http://127.0.0.1:${config.monitorPort}`;
  const configured = config.serverUrl?.replace(/\/+$/, "");
  const local =
    configured === undefined || configured === standard || configured === `http://127.0.0.1:${DEFAULT_PORT}`;
  const url = (local ? liveMonitor(config)?.url : undefined) ?? configured ?? standard;
  if (!URL.canParse(url)) return `the address ${url} is not a URL`;
  const loopback = isLoopback(new URL(url).hostname);
  if (!loopback && url.startsWith("http:") && !config.serverInsecure)
    return `${url} is plain http to another machine; use https, or set server.insecure`;
  if (config.serverToken !== undefined || !loopback) return { url, token: config.serverToken, local };
  try {
    return { url, token: readToken(config.paths), local }; // made by the monitor at its first start
  } catch (error) {
    return (error as Error).message;
  }
}

/** What monitor.json says, as long as that process lives. */
export function liveMonitor(config: Config): MonitorAddress | undefined {
  try {
    const address = MonitorAddress.parse(JSON.parse(readFileSync(config.paths.monitorAddress, "utf8")));
    return isAlive(address.pid) ? address : undefined;
  } catch {
    return undefined;
  }
}

export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
