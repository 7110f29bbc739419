// Checks of the way of an event behind the hook: relay, monitor, what waits, what was refused, what they complained of.

import { connect } from "node:net";
import { join } from "node:path";
import * as z from "zod";
import type { Config } from "../../config/config.ts";
import { goneOf } from "../../contract/relay-status.ts";
import { textOf } from "../../contract/texts.ts";
import { whyNoFiles } from "../../platform/directory.ts";
import { readTail } from "../../platform/read.ts";
import { bytes, listed, plural, printable, span } from "../../platform/text.ts";
import { VERSION } from "../../platform/version.ts";
import { health } from "../../services/client.ts";
import { monitorElsewhere, relayElsewhere } from "../../services/elsewhere.ts";
import { lastFailure } from "../../services/failure.ts";
import { readStatus } from "../../services/presence.ts";
import { relayPid } from "../../services/relay.ts";
import { end, startInstalledMonitor, startRelay } from "../../services/running.ts";
import { liveMonitor } from "../../services/target.ts";
import { openRejected } from "../../spool/rejected.ts";
import { measureSpool } from "../../spool/sizes.ts";
import { type Check, ok } from "./finding.ts";

/** A relay that runs delivers within moments. */
const WAITING_LONG_MS = 60_000;
const CONNECT_MS = 1000;
const DAY_MS = 86_400_000;
const LOG_TAIL_BYTES = 256 * 1024;
const ERROR_LEVEL = 50;
const LogLine = z.looseObject({ level: z.number(), time: z.string(), msg: z.string().optional() });

export const relay: Check = ({ io: { config, env } }) => {
  const pid = relayPid(config.paths);
  const said = readStatus(config.paths);
  if (pid === undefined) {
    const { oldestAt } = measureSpool(config.paths.spool);
    const failed = oldestAt === null ? undefined : lastFailure(config.paths, "relay", oldestAt);
    if (failed !== undefined)
      return {
        name: "relay",
        state: "fail",
        finding: `it cannot start: ${printable(failed)}`,
        meaning: "Events wait in the spool until it can.",
        cure: `Move away what is in its place in ${config.paths.home}; relay.log says more.`,
      };
    const there = relayElsewhere(config.paths);
    return ok("relay", there ? textOf({ code: "held_elsewhere", ...there }) : "not running; the next event starts it");
  }
  if (said?.pid === pid && said.version !== VERSION)
    return {
      name: "relay",
      state: "warn",
      finding: `version ${said.version} runs (pid ${pid}), and this is ${VERSION}`,
      meaning: "It was not replaced at an upgrade.",
      cure: "`mpm install` replaces it; nothing is lost.",
      fix: async () => {
        if (await end({ pid })) startRelay(config, env);
      },
    };
  if (said?.pid === pid && said.trouble !== undefined && said.spool.pending > 0)
    return {
      name: "relay",
      state: "fail",
      finding: `it cannot deliver: ${printable(said.trouble)}`,
      meaning: "Events wait in the spool until it can.",
      cure: "See what is said of monitor, port and token; `mpm status` shows what waits.",
    };
  return ok("relay", `running (pid ${pid})`);
};

export const monitor: Check = async ({ io: { config, env } }) => {
  const answer = await health(config);
  if (!answer.ok) {
    const there = monitorElsewhere(config.paths);
    if (there)
      return {
        name: "monitor",
        state: "fail",
        finding: textOf({ code: "held_elsewhere", ...there }),
        meaning: "Only one monitor runs for a home; events from here wait in the spool until it can be reached.",
        cure: "End that one, share its network, or use another MPM_HOME here.",
      };
    if (config.serverUrl === undefined && config.monitorAutostart && !liveMonitor(config))
      return ok("monitor", "not running; the next event starts it");
    return {
      name: "monitor",
      state: "fail",
      finding: printable(textOf(answer.reason)),
      meaning: "Events wait in the spool until it answers.",
      cure: config.serverUrl
        ? "See to that server, or let events go to this machine: `mpm config unset server.url`."
        : "`mpm monitor start`",
    };
  }
  const { version, pid } = answer.value;
  const local = liveMonitor(config)?.pid === pid;
  if (!local || version === VERSION) return ok("monitor", `version ${version} answers (pid ${pid})`);
  return {
    name: "monitor",
    state: "warn",
    finding: `version ${version} runs (pid ${pid}), and this is ${VERSION}`,
    meaning: "It was not replaced at an upgrade.",
    cure: "`mpm install` replaces it; nothing is lost.",
    fix: async () => {
      if (await end({ pid })) await startInstalledMonitor(config, env);
    },
  };
};

export const port: Check = async ({ io: { config } }) => {
  const { monitorPort, monitorHost } = config;
  if (config.serverUrl !== undefined) return ok("port", "none is needed: events go to another server");
  const live = liveMonitor(config);
  if (live) return ok("port", `the monitor has ${new URL(live.url).port}`);
  if (monitorPort === 0 || !(await isTaken(monitorHost, monitorPort)))
    return ok("port", monitorPort === 0 ? "any free one" : `${monitorPort} is free`);
  return {
    name: "port",
    state: "fail",
    finding: `another program listens at ${monitorHost}:${monitorPort}`,
    meaning: "The monitor cannot start there; events wait in the spool.",
    cure: "End that program, or `mpm config set monitor.port 0`, which takes any free port.",
  };
};

function isTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const done = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket
      .once("connect", () => done(true))
      .once("error", () => done(false))
      .once("timeout", () => done(false));
  });
}

export const backlog: Check = ({ io: { config, now, env } }) => {
  const { pending, bytes: size, oldestAt } = measureSpool(config.paths.spool);
  const trouble = whyNoFiles(config.paths.spool);
  if (trouble !== undefined)
    return {
      name: "spool",
      state: "fail",
      finding: "no event can be stored",
      meaning: "What hooks report is lost.",
      cure: trouble,
    };
  if (oldestAt === null) return ok("spool", "empty: everything is delivered");
  const age = Math.max(0, now() - oldestAt);
  const finding = `${plural(pending, "event")} (${bytes(size)}), the oldest ${span(age)} old`;
  if (age < WAITING_LONG_MS) return ok("spool", finding);
  return {
    name: "spool",
    state: "warn",
    finding,
    meaning: "They are safe, and not delivered.",
    cure: "`mpm relay --once` delivers what it can, and says what stands in the way.",
    fix: () => startRelay(config, env),
  };
};

export const rejected: Check = ({ io: { config } }) => {
  const count = openRejected(config.paths.rejected).count();
  if (count === 0) return ok("rejected", "none");
  return {
    name: "rejected",
    state: "warn",
    finding: `${plural(count, "event")} in ${config.paths.rejected}`,
    meaning: "They could not be understood, or the server refused them for good; the reason is beside each.",
    cure: "`mpm replay` tries them again.",
  };
};

export const dropped: Check = ({ io: { config } }) => {
  const counters = readStatus(config.paths)?.counters;
  if (!counters || goneOf(counters) === 0) return ok("losses", "none");
  const lost = (count: number, how: string, limit: string) => (count > 0 ? [{ count, how, limit }] : []);
  const losses = [
    ...lost(counters.dropped, "dropped", "spool"),
    ...lost(counters.discarded, "rejected and removed since", "rejected"),
  ];
  return {
    name: "losses",
    state: "warn",
    finding: listed(losses.map(({ count, how }) => `${plural(count, "event")} ${how}`)),
    meaning: `What keeps them had reached its limit (${listed(losses.map(({ limit }) => `${limit}.maxBytes`))}).`,
    cure: "See that the monitor can be reached; `mpm config set` raises a limit.",
  };
};

export const errors: Check = ({ io: { config, now } }) => {
  const recent = ["relay", "monitor", "hook", "start"].flatMap((name) => errorsIn(config, name, now() - DAY_MS));
  const last = recent.sort((a, b) => (a.time < b.time ? -1 : 1)).at(-1);
  if (!last) return ok("logs", "no error within a day");
  return {
    name: "logs",
    state: "warn",
    finding: `${plural(recent.length, "error")} within a day, last at ${last.time}: ${printable(last.said)}`,
    meaning: "Something did not work; what is said above tells whether it still does not.",
    cure: `Read ${join(config.paths.log, `${last.name}.log`)}.`,
  };
};

function errorsIn({ paths }: Config, name: string, since: number): { name: string; time: string; said: string }[] {
  const file = join(paths.log, `${name}.log`);
  const lines = readTail(file, LOG_TAIL_BYTES).split("\n");
  return lines.flatMap((line) => {
    const parsed = parseLine(line);
    const counts = parsed && parsed.level >= ERROR_LEVEL && Date.parse(parsed.time) >= since;
    return counts ? [{ name, time: parsed.time, said: (parsed.msg ?? "").slice(0, 200) }] : [];
  });
}

function parseLine(line: string): z.infer<typeof LogLine> | undefined {
  try {
    return LogLine.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
