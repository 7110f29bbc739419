// How the chain from hook to page is, sign by sign, and what to do about what is not well.
// - A loss is always shown, whatever else is well; a delay is no loss.
// - What is not known is said to be not known.

import type { SeenHealth } from "../../contract/health.ts";
import type { RelayStatus } from "../../contract/relay-status.ts";
import { ago, duration, plural, size } from "./format.ts";
import { own } from "./own.ts";

export interface Sign {
  readonly name: string;
  readonly state: "good" | "care" | "trouble";
  readonly said: string;
  /** What to do, where there is something. */
  readonly remedy?: string;
}

/** A relay says how it is once a second while it works; silent for longer, it has ended or is stuck. */
const SILENT_MS = 15_000;
/** Older than this, the oldest waiting event is late. */
const LATE_MS = 10_000;

export interface Chain {
  readonly relays: readonly RelayStatus[];
  readonly connected: boolean;
  /** What GET /health says of the monitor itself. */
  readonly monitor?: SeenHealth | undefined;
  /** How many sessions miss events; undefined until it is known. */
  readonly broken: number | undefined;
  readonly now: number;
}

export function signsOf(chain: Chain): Sign[] {
  return [monitorSign(chain), ...relaySigns(chain), ...lossSigns(chain), gapSign(chain), ...consumerSigns(chain)];
}

export function worst(signs: readonly Sign[]): Sign["state"] {
  if (signs.some((sign) => sign.state === "trouble")) return "trouble";
  return signs.some((sign) => sign.state === "care") ? "care" : "good";
}

function monitorSign({ connected, monitor }: Chain): Sign {
  if (connected && monitor?.trouble !== undefined)
    return {
      name: "Monitor",
      state: "trouble",
      said: `It cannot store what comes: ${monitor.trouble}. Events wait in the spool.`,
      remedy: "Make room on its disk; `mpm doctor` looks at the rest.",
    };
  if (connected && monitor?.setAside !== undefined)
    return {
      name: "Monitor",
      state: "care",
      said: "Its store was damaged. It was set aside, and a new one was begun.",
      remedy: `The old one is \`${monitor.setAside}\`.`,
    };
  return connected
    ? { name: "Monitor", state: "good", said: "This page hears every event as it is stored." }
    : {
        name: "Monitor",
        state: "trouble",
        said: "This page has lost the monitor. Events wait in the spool until it is back.",
        remedy: "`mpm monitor start` starts it, `mpm doctor` says why it does not.",
      };
}

function relaySigns({ relays, monitor, now }: Chain): Sign[] {
  if (monitor?.team && relays.length === 0) return []; // those of a team's machines are on the page Team
  // A relay ends when nothing comes, and a monitor that was started since has heard of none.
  if (relays.length === 0 && (monitor?.events ?? 0) > 0)
    return [{ name: "Relay", state: "good", said: "At rest: none has reported since the monitor started." }];
  if (relays.length === 0)
    return [
      {
        name: "Relay",
        state: "care",
        said: "No relay has reported since the monitor started. It starts with the next event.",
        remedy: "If events do not arrive, `mpm status` and `mpm doctor` say why.",
      },
    ];
  return relays.flatMap((relay) => [
    relaySign(relay, relays.length > 1, now),
    spoolSign(relay, relays.length > 1, now),
  ]);
}

const on = (relay: RelayStatus, several: boolean): string => (several ? ` on ${relay.host}` : "");

function relaySign(relay: RelayStatus, several: boolean, now: number): Sign {
  const name = `Relay${on(relay, several)}`;
  if (!relay.connected)
    return {
      name,
      state: "trouble",
      said: relay.trouble ?? "It is not connected.",
      remedy: `It tries again by itself${relay.retryAt === undefined ? "" : `, within ${duration(Math.max(0, relay.retryAt - now))}`}.`,
    };
  if (now - relay.updatedAt > SILENT_MS)
    return {
      name,
      state: "good",
      said: `At rest; last heard of ${ago(relay.updatedAt, now)}. The next event starts it.`,
    };
  return { name, state: "good", said: `Running since ${duration(now - relay.startedAt)}, version ${relay.version}.` };
}

function spoolSign(relay: RelayStatus, several: boolean, now: number): Sign {
  const { pending, bytes, oldestAt } = relay.spool;
  const name = `Spool${on(relay, several)}`;
  if (pending === 0) return { name, state: "good", said: "Empty: everything has been forwarded." };
  const said = `${plural(pending, "event")} waiting (${size(bytes)})`;
  // The report is as old as it is: the age is what it was then, and grows only while the relay reports.
  const age = oldestAt === null ? 0 : Math.max(relay.updatedAt, Math.min(now, relay.updatedAt + SILENT_MS)) - oldestAt;
  if (age < LATE_MS) return { name, state: "good", said: `${said}, on their way.` };
  return {
    name,
    state: "care",
    said: `${said}, the oldest for ${duration(age)}.`,
    remedy: "They are safe and are forwarded in order. `mpm relay --once` forwards them now and says what hinders.",
  };
}

/** As a person reads it. */
const CONSUMERS: Readonly<Record<string, string>> = { alerts: "Alerts", otlp: "OpenTelemetry", team: "Team" };

/** Who reads the events besides this page, each with what waits for it. */
function consumerSigns({ monitor, now }: Chain): Sign[] {
  return (monitor?.consumers ?? []).map(
    ({ name: consumer, waiting, missed, refused, delivered, deliveredAt, trouble }) => {
      const name = own(CONSUMERS, consumer) ?? consumer;
      const waits = waiting > 0 ? ` ${plural(waiting, "event")} waiting.` : "";
      if (missed + refused > 0)
        return {
          name,
          state: "trouble",
          said: `${plural(missed, "event")} removed before they were read, ${refused} refused.${waits}`,
          remedy: "A larger `monitor.retentionMs` or `monitor.maxBytes` keeps more while the other side is away.",
        };
      if (trouble !== undefined)
        return {
          name,
          state: "care",
          said: `${trouble}.${waits} They are kept, and it tries again by itself.`,
        };
      const last = deliveredAt === undefined ? "" : `, the last ${ago(deliveredAt, now)}`;
      return { name, state: "good", said: `${delivered} passed on since the monitor started${last}.${waits}` };
    },
  );
}

function lossSigns({ relays }: Chain): Sign[] {
  const sum = (key: keyof RelayStatus["counters"]): number =>
    relays.reduce((total, relay) => total + (relay.counters[key] ?? 0), 0);
  const dropped = sum("dropped");
  const rejected = sum("rejected");
  const discarded = sum("discarded");
  const cut = sum("cut");
  return [
    dropped === 0
      ? { name: "Dropped", state: "good", said: "No event was dropped by the spool's limit." }
      : {
          name: "Dropped",
          state: "trouble",
          said: `${plural(dropped, "event")} dropped, because the spool was full. They are lost.`,
          remedy: "A larger `spool.maxBytes` keeps more while the monitor is away.",
        },
    ...(discarded === 0
      ? []
      : [
          {
            name: "Discarded",
            state: "trouble",
            said: `${plural(discarded, "event")} rejected and removed since, because \`rejected/\` was full. They are lost.`,
            remedy: "A larger `rejected.maxBytes` keeps more until `mpm replay` tries them again.",
          } as const,
        ]),
    rejected === 0
      ? { name: "Rejected", state: "good", said: "No event was rejected." }
      : {
          name: "Rejected",
          state: "care",
          said: `${plural(rejected, "event")} could not be understood or was refused.`,
          remedy: "Each lies in `rejected/` with its reason beside it; `mpm replay` tries them again.",
        },
    {
      name: "Cut",
      state: "good",
      said:
        cut === 0
          ? "No event had to be cut."
          : `${plural(cut, "event")} had strings cut to stay below 512 KiB. The cut is marked where it is.`,
    },
  ];
}

function gapSign({ monitor, broken }: Chain): Sign {
  const missing = monitor?.gaps ?? 0;
  if (missing === 0) return { name: "Gaps", state: "good", said: "No event of any session is missing." };
  const where = broken === undefined ? "" : `, in ${plural(broken, "session")}`;
  return {
    name: "Gaps",
    state: "trouble",
    said: `${plural(missing, "event")} ${missing === 1 ? "is" : "are"} missing${where}.`,
    remedy: "They were lost behind the spool, or wait in `rejected/`. The session's timeline marks where.",
  };
}
