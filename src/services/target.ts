// Where events go: this home's monitor, or a server that the user has named.
// - This home's monitor has to prove that it is (proof.ts), and is never sent the token.
// - A named server is sent what the user configured for it: server.token, and nothing of this home's.
// - Plain http to another machine needs the user's word.

import { connect } from "node:net";
import type { Config } from "../config/config.ts";
import type { MonitorAddress } from "../contract/address.ts";
import type { ConnectionReason } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { isHere } from "../platform/machine.ts";
import { isAlive } from "../platform/process.ts";
import { readAddress } from "./address.ts";
import { readToken } from "./token.ts";

export interface Target {
  readonly url: string;
  /** What is proven to this home's monitor; what is sent to a named server. */
  readonly token: string | undefined;
  /** This home's monitor, which may be started when nothing listens there. */
  readonly local: boolean;
}

/** Where events of this home go. */
export function resolveTarget(config: Config): Result<Target, ConnectionReason> {
  const named = config.serverUrl?.replace(/\/+$/, "");
  if (named === undefined || isOwn(named, config)) return ownMonitor(config, named);
  if (!URL.canParse(named)) return failed({ code: "bad_address", url: named });
  if (isInsecure(named, config)) return failed({ code: "insecure_address", url: named });
  return done({ url: named, token: config.serverToken, local: false });
}

/** An address that somebody names, without the slashes at its end. */
export function checkAddress(given: string, config: Config): Result<string, ConnectionReason> {
  const url = given.replace(/\/+$/, "");
  if (!/^https?:/.test(url) || !URL.canParse(url)) return failed({ code: "bad_address", url: given });
  return isInsecure(url, config) ? failed({ code: "insecure_address", url }) : done(url);
}

/** This home's monitor, wherever it listens; `otherwise` is its address while it does not run. */
export function ownMonitor(
  config: Config,
  otherwise = urlOf(config.monitorHost, config.monitorPort),
): Result<Target, ConnectionReason> {
  const url = liveMonitor(config)?.url ?? otherwise;
  if (!URL.canParse(url)) return failed({ code: "bad_address", url });
  if (isInsecure(url, config)) return failed({ code: "insecure_address", url });
  if (config.serverToken !== undefined) return done({ url, token: config.serverToken, local: true });
  const token = readToken(config.paths); // made by the monitor at its first start
  return token.ok ? done({ url, token: token.value, local: true }) : token;
}

/** Whether an address that the user named is where this home's monitor listens, or would. */
function isOwn(url: string, config: Config): boolean {
  const live = liveMonitor(config)?.url;
  if (url === live) return true;
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== "http:" || !isLoopback(hostname)) return false;
  return port === String(config.monitorPort) || (live !== undefined && port === new URL(live).port);
}

const isInsecure = (url: string, config: Config) =>
  url.startsWith("http:") && !isLoopback(new URL(url).hostname) && !config.serverInsecure;

/** The URL of who listens on an address and a port; on all addresses, it is that of loopback. */
export function urlOf(host: string, port: number): string {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/** What monitor.json says, as long as that process lives where its pid can be looked up. */
export function liveMonitor({ paths }: Config): MonitorAddress | undefined {
  const address = readAddress(paths);
  return address && isHere(address) && isAlive(address.pid) ? address : undefined;
}

export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** Whether who listens on an address is reached from this machine alone. */
export const isLoopbackAddress = (address: string): boolean =>
  isLoopback(address.includes(":") ? `[${address}]` : address);

/** Whether somebody may listen at an address; false only where nobody does. Nothing is said to them. */
export function mayAnswer(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  if (port === "0") return Promise.resolve(false);
  if (!isLoopback(hostname)) return Promise.resolve(true); // not known at once
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || "80") });
    const give = (listens: boolean) => {
      socket.destroy();
      resolve(listens);
    };
    socket.once("connect", () => give(true));
    socket.once("error", (error) => give(!("code" in error && error.code === "ECONNREFUSED")));
  });
}
