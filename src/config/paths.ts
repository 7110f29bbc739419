// Where a home is and what is where in it: all that the hook in Node has to know, and so without a library.

import { isAbsolute, join, resolve } from "node:path";

/** Where everything is below MPM_HOME. */
export interface Paths {
  readonly home: string;
  readonly spool: string;
  readonly rejected: string;
  readonly log: string;
  readonly app: string;
  /** What V8 has compiled of our programs (platform/compiled.ts). */
  readonly compiled: string;
  readonly config: string;
  /** JSON schema of config.json, for editors. */
  readonly configSchema: string;
  readonly token: string;
  /** The team that this machine has joined, and the token by which it is known there. */
  readonly team: string;
  /** What a relay that sends straight to a team makes hashes with; it never leaves this machine. */
  readonly teamKey: string;
  readonly disabled: string;
  /** Pid of the running relay, one decimal number; the hook reads it. */
  readonly relayPid: string;
  /** Link to this home's relay.db through the running relay's working directory; it leads nowhere without that relay. */
  readonly relayAlive: string;
  /** The boot in which the spool was last seen empty. */
  readonly relayBoot: string;
  /** The large entry that the running relay reads, and how often that was tried. */
  readonly relayLarge: string;
  /** What the running relay last said of itself (RelayStatus), JSON. */
  readonly relayStatus: string;
  /** SQLite: the relay's numbering, and by its lock the proof that it is the only one. */
  readonly relayState: string;
  /** Address, pid and instance of the running monitor (MonitorAddress), JSON. */
  readonly monitorAddress: string;
  /** Where the running monitor says to this user's programs how it is; not where a path is too long, or on Windows. */
  readonly monitorSocket: string;
  /** What the status line of Claude Code shows; whoever wants it makes the file, the running monitor keeps it. */
  readonly statusline: string;
  readonly store: string;
  /** SQLite: alerts, and what became of each. */
  readonly alerts: string;
  /** Locked by the running monitor for as long as it lives. */
  readonly monitorLock: string;
}

/** @param home absolute path of MPM_HOME */
export function pathsOf(home: string): Paths {
  const at = (name: string) => join(home, name);
  return {
    home,
    spool: at("spool"),
    rejected: at("rejected"),
    log: at("log"),
    app: at("app"),
    compiled: at("compiled"),
    config: at("config.json"),
    configSchema: at("config.schema.json"),
    token: at("token"),
    team: at("team.json"),
    teamKey: at("team.key"),
    disabled: at("disabled"),
    relayPid: at("relay.pid"),
    relayAlive: at("relay.alive"),
    relayBoot: at("relay.boot"),
    relayLarge: at("relay.large"),
    relayStatus: at("relay.json"),
    relayState: at("relay.db"),
    monitorAddress: at("monitor.json"),
    monitorSocket: at("monitor.sock"),
    statusline: at("statusline"),
    store: at("monitor.db"),
    alerts: at("alerts.db"),
    monitorLock: at("monitor.lock"),
  };
}

/** MPM_HOME as the hook resolves it: the variable, the older variable, then ~/.claude-mpm. */
export function mpmHome(env: NodeJS.ProcessEnv, userHome: string): string {
  const named = variable(env, "HOME");
  if (named) return isAbsolute(named) ? named : resolve(named);
  return join(userHome || "/nonexistent", ".claude-mpm");
}

/** The value of MPM_<name>, or of the older CLAUDE_MPM_<name>; empty counts as unset. */
export function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[`MPM_${name}`] || env[`CLAUDE_MPM_${name}`] || undefined;
}

/** The text of a variable says yes. */
export const isOn = (text: string | undefined): boolean => /^(?:1|true|yes|on)$/i.test(text ?? "");
/** The text of a variable says no. */
export const isOff = (text: string | undefined): boolean => /^(?:0|false|no|off)$/i.test(text ?? "");
