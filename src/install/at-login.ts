// The monitor as a service of the user's login: a systemd user unit, a launchd agent, a task of Windows.
// - Written where each system looks for it, and shown; it runs the installed copy, so that upgrades need no change.
// - The system is told through its own command. Where that is missing or refuses, the file stays and takes effect with
//   the next login.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, posix, win32 } from "node:path";
import type { World } from "../config/world.ts";
import { replaceFile } from "../platform/file.ts";
import { readText } from "../platform/read.ts";
import { makeDirectories, removeEmpty } from "./file.ts";

/** What a service is made from. */
export interface LoginTarget {
  readonly platform: NodeJS.Platform;
  /** The user's home directory. */
  readonly userHome: string;
  /** MPM_HOME. */
  readonly home: string;
  /** Directory of the installed copy. */
  readonly app: string;
  /** The Node that runs us. */
  readonly node: string;
  /** XDG_CONFIG_HOME, where it is set. */
  readonly configHome: string | undefined;
  /** The user's number; launchd names the user's domain by it. */
  readonly uid: number;
}

export interface LoginService {
  readonly file: string;
  readonly text: string;
  /** Commands that make the system take it up, and start the monitor now. */
  readonly enable: readonly (readonly string[])[];
  /** Commands that end it, while the file is there. */
  readonly disable: readonly (readonly string[])[];
  /** Directories that may have been made for the file, outermost first. */
  readonly directories: readonly string[];
  /** What the system is called in a sentence. */
  readonly system: string;
}

export const SERVICE = "mpm-monitor";
const AGENT = "mpm-hook.monitor";
/** It stands in every text: only what has it is ours to replace or remove. */
const MARK = "written by mpm install --at-login";
const COMMAND_TIMEOUT_MS = 20_000;

/** The service of this user on this machine. */
export function ownLoginService({ config, env }: Pick<World, "config" | "env">): LoginService {
  return loginService({
    platform: process.platform,
    userHome: config.userHome,
    home: config.paths.home,
    app: config.paths.app,
    node: process.execPath,
    configHome: env["XDG_CONFIG_HOME"],
    uid: process.geteuid?.() ?? -1,
  });
}

export function loginService(target: LoginTarget): LoginService {
  switch (target.platform) {
    case "darwin":
      return launchAgent(target);
    case "win32":
      return scheduledTask(target);
    default:
      return systemdUnit(target);
  }
}

function systemdUnit({ userHome, home, configHome }: LoginTarget): LoginService {
  const root = configHome && posix.isAbsolute(configHome) ? configHome : posix.join(userHome, ".config");
  const unit = `${SERVICE}.service`;
  const control = ["systemctl", "--user"];
  return {
    system: "systemd",
    file: posix.join(root, "systemd/user", unit),
    directories: [root, posix.join(root, "systemd"), posix.join(root, "systemd/user")],
    text: `# ${MARK}; mpm uninstall removes it.
[Unit]
Description=mpm monitor: what Claude Code does, kept and shown
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Environment=${unitWord(`MPM_HOME=${home}`)}
ExecStart=/bin/sh -c 'exec "$$MPM_HOME/app/hooks/mpm-node" cli monitor'
Restart=on-failure
RestartSec=10
NoNewPrivileges=yes

[Install]
WantedBy=default.target
`,
    enable: [
      [...control, "daemon-reload"],
      [...control, "enable", "--now", unit],
    ],
    disable: [[...control, "disable", "--now", unit]],
  };
}

/**
 * One word of Environment= (systemd.exec, systemd.syntax): quotes, backslashes and specifiers are taken literally. What is
 * executed may have none of them in its name, which is why a shell finds it.
 */
function unitWord(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;
}

function launchAgent({ userHome, home, app, uid }: LoginTarget): LoginService {
  const file = posix.join(userHome, "Library/LaunchAgents", `${AGENT}.plist`);
  const program = [posix.join(app, "hooks/mpm-node"), "cli", "monitor"];
  const strings = program.map((word) => `    <string>${xml(word)}</string>`).join("\n");
  return {
    system: "launchd",
    file,
    directories: [posix.dirname(file)],
    text: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${MARK}; mpm uninstall removes it. -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${AGENT}</string>
  <key>ProgramArguments</key>
  <array>
${strings}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>MPM_HOME</key>
    <string>${xml(home)}</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>10</integer>
  <key>ProcessType</key>
  <string>Background</string>
</dict>
</plist>
`,
    enable: [["launchctl", "bootstrap", `gui/${uid}`, file]],
    disable: [["launchctl", "bootout", `gui/${uid}/${AGENT}`]],
  };
}

function scheduledTask({ home, app, node }: LoginTarget): LoginService {
  const file = win32.join(home, "monitor.task.xml");
  const script = win32.join(app, "dist", "cli.js");
  // The environment of a task cannot be set: a home that is not the usual one is handed over by cmd.
  const line = `set "MPM_HOME=${home}"&& "${node}" "${script}" monitor`;
  return {
    system: "the task scheduler",
    file,
    directories: [],
    text: `<?xml version="1.0" encoding="UTF-8"?>
<!-- ${MARK}; mpm uninstall removes it. -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
    </LogonTrigger>
  </Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>5</Count>
    </RestartOnFailure>
    <Hidden>true</Hidden>
  </Settings>
  <Actions>
    <Exec>
      <Command>cmd.exe</Command>
      <Arguments>${xml(`/d /s /c "${line}"`)}</Arguments>
    </Exec>
  </Actions>
</Task>
`,
    enable: [
      ["schtasks", "/Create", "/F", "/TN", SERVICE, "/XML", file],
      ["schtasks", "/Run", "/TN", SERVICE],
    ],
    disable: [
      ["schtasks", "/End", "/TN", SERVICE],
      ["schtasks", "/Delete", "/F", "/TN", SERVICE],
    ],
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
const xml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/** Why the system has not taken the service up, in its own words. */
export interface NotTaken {
  readonly command: string;
  readonly said: string;
}

export type Kept =
  | { readonly done: "kept" | "unchanged"; readonly notTaken?: NotTaken }
  /** A file of that name is there that we did not write. */
  | { readonly done: "foreign" };

/** Writes the service and has the system take it up; nothing is written where it is there already. */
export function keepAtLogin({ file, text, enable }: LoginService, env: NodeJS.ProcessEnv): Kept {
  const before = readText(file);
  if (before !== undefined && !before.includes(MARK)) return { done: "foreign" };
  if (before !== text) {
    makeDirectories(dirname(file));
    replaceFile(file, text);
  }
  const notTaken = runAll(enable, env);
  return { done: before === text ? "unchanged" : "kept", ...(notTaken ? { notTaken } : {}) };
}

/** Ends the service and removes its file. Returns the file where there was one of ours. */
export function removeAtLogin(
  { file, disable, directories }: LoginService,
  env: NodeJS.ProcessEnv,
  dryRun: boolean,
): string | undefined {
  if (!isAtLogin(file)) return undefined;
  if (!dryRun) {
    runAll(disable, env);
    rmSync(file, { force: true });
    removeEmpty(directories);
  }
  return file;
}

/** The service's file is there and is ours. */
export function isAtLogin(file: string): boolean {
  return readText(file)?.includes(MARK) === true;
}

function runAll(commands: readonly (readonly string[])[], env: NodeJS.ProcessEnv): NotTaken | undefined {
  let first: NotTaken | undefined;
  for (const [program = "", ...args] of commands) {
    const { status, error, stderr } = spawnSync(program, args, { env, encoding: "utf8", timeout: COMMAND_TIMEOUT_MS });
    if (status === 0) continue;
    const said = error?.message ?? (stderr.trim().split("\n").at(-1) || `it ended with status ${status}`);
    first ??= { command: [program, ...args].join(" "), said };
  }
  return first;
}
