// Checks of $MPM_HOME: whose it is, what it allows, what is set there, and whether there is room and time.

import { chmodSync, existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { explainProblem } from "../../config/config.ts";
import { adviceFor, textOf } from "../../contract/texts.ts";
import { homeTrouble } from "../../platform/directory.ts";
import { readText } from "../../platform/read.ts";
import { bytes, span } from "../../platform/text.ts";
import { readStatus } from "../../services/presence.ts";
import { readToken, rotateToken } from "../../services/token.ts";
import { isAtLogin, ownLoginService } from "../at-login.ts";
import { type Check, ok } from "./finding.ts";

const FOR_OTHERS = 0o077;
const ROOM_LOW = 200e6;
const ROOM_NONE = 10e6;
const CLOCK_SLACK_MS = 60_000;

export const home: Check = ({ io: { config } }) => {
  const { home } = config.paths;
  const trouble = homeTrouble(home);
  if (trouble)
    return {
      name: "home",
      state: "fail",
      finding: trouble.replace(/: nothing is.*/, ""),
      meaning: "The hooks do nothing there: whose it is decides where events go.",
      cure: "Name a directory of your own in MPM_HOME, then run `mpm install`.",
    };
  if (!existsSync(home)) return ok("home", `${home} is not there yet; the first event makes it`);
  const { mode } = statSync(home);
  if (process.geteuid === undefined || (mode & FOR_OTHERS) === 0) return ok("home", `${home}, for you alone`);
  return {
    name: "home",
    state: "warn",
    finding: `other users may look into ${home} (mode ${(mode & 0o777).toString(8)})`,
    meaning: "What Claude Code does is recorded there, prompts and files included.",
    cure: `chmod go= ${home}`,
    fix: () => chmodSync(home, mode & 0o7777 & ~FOR_OTHERS),
  };
};

export const settings: Check = ({ io: { config } }) => {
  const [first, ...more] = config.problems.map((problem) => explainProblem(problem, config.paths.config));
  if (!first)
    return ok("config", existsSync(config.paths.config) ? `${config.paths.config} is valid` : "nothing but defaults");
  return {
    name: "config",
    state: "warn",
    finding: [first, ...more].join("; "),
    meaning: "What you set there has no effect.",
    cure: "`mpm config list` shows what there is; `mpm config set` checks what it writes.",
  };
};

export const login: Check = ({ io }) => {
  const { file, text, system } = ownLoginService(io);
  const found = readText(file);
  if (found === undefined || !isAtLogin(file))
    return ok("login", "the monitor starts when events come, not at login (`mpm install --at-login`)");
  if (found === text) return ok("login", `${system} starts the monitor at every login`);
  return {
    name: "login",
    state: "warn",
    finding: `${file} is of another installation, or of an earlier one`,
    meaning: "At login another monitor starts than this one, or none.",
    cure: "Run `mpm install --at-login`.",
  };
};

export const paused: Check = ({ io: { config } }) => {
  if (existsSync(config.paths.disabled))
    return {
      name: "switch",
      state: "fail",
      finding: "the hooks are paused",
      meaning: "Nothing is recorded.",
      cure: "`mpm resume` lets them record again.",
    };
  if (config.disabled)
    return {
      name: "switch",
      state: "fail",
      finding: "MPM_DISABLED is set in this environment",
      meaning: "Sessions that are started from here record nothing.",
      cure: "Unset MPM_DISABLED, also where your shell sets it.",
    };
  return ok("switch", "on");
};

export const disk: Check = ({ io: { config } }) => {
  const place = nearest(config.paths.home);
  const { bavail, bsize } = statfsSync(place);
  const room = bavail * bsize;
  if (room >= ROOM_LOW) return ok("disk", `${bytes(room)} free`);
  return {
    name: "disk",
    state: room < ROOM_NONE ? "fail" : "warn",
    finding: `${bytes(room)} free where ${place} is`,
    meaning: "When it is full, events are not kept any more.",
    cure: "Make room. `monitor.maxBytes` and `spool.maxBytes` (`mpm config set`) bound what is kept.",
  };
};

function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}

export const clock: Check = ({ io: { config, now } }) => {
  const latest = Math.max(
    readStatus(config.paths)?.updatedAt ?? 0,
    ...[config.paths.store, config.paths.spool].map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0),
  );
  const ahead = latest - now();
  if (ahead <= CLOCK_SLACK_MS) return ok("clock", new Date(now()).toISOString());
  return {
    name: "clock",
    state: "warn",
    finding: `it is ${span(ahead)} before what was recorded last`,
    meaning: "The clock was set back, or ran ahead: times on the dashboard are wrong, the order of events is not.",
    cure: "Set the clock, or let the system do so (NTP).",
  };
};

export const token: Check = ({ io: { config } }) => {
  const known = readToken(config.paths);
  if (known.ok)
    return ok("token", known.value ? "made, for you alone" : "not made yet; the monitor makes it at its first start");
  return {
    name: "token",
    state: "fail",
    finding: textOf(known.reason),
    meaning: "Relay and monitor do not trust it; events wait in the spool.",
    cure: adviceFor(known.reason),
    fix: () => rotateToken(config.paths),
  };
};
