// mpm status: what is running, what is waiting, what was lost.
// - What it says fits together: where the relay's figures are older than what is seen in the spool, it waits for new ones.

import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { HealthAtHome } from "../contract/at-home.ts";
import type { ConsumerStatus } from "../contract/consumer.ts";
import type { IngestCounters } from "../contract/ingest-counters.ts";
import { type Counters, goneOf, type RelayStatus } from "../contract/relay-status.ts";
import { textOf } from "../contract/texts.ts";
import { homeTrouble, whyNoFiles } from "../platform/directory.ts";
import { bytes, listed, plural, printable, span } from "../platform/text.ts";
import { healthAtHome } from "../services/at-home.ts";
import type { ClientReason } from "../services/client.ts";
import { type Holder, monitorElsewhere, relayElsewhere } from "../services/elsewhere.ts";
import { lastFailure } from "../services/failure.ts";
import { readStatus } from "../services/presence.ts";
import { relayPid } from "../services/relay.ts";
import { openRejected } from "../spool/rejected.ts";
import { measureSpool, type SpoolSizes } from "../spool/sizes.ts";
import { type Call, flag } from "./arguments.ts";
import { command } from "./command.ts";
import { hang } from "./layout.ts";
import { EXIT, type Io, jsonFor } from "./terminal.ts";

/** A relay says what has changed within a second, or within one of the last of many events where nobody watches. */
const FIGURES_WITHIN_NS = 1_500_000_000n;
const POLL_MS = 50;
const NAME_CHARS = 9;
/** Cells before what is said: the name, the mark, a space behind each. */
const INDENT = NAME_CHARS + 3;

const OPTIONS = { json: flag("one JSON object") };

export const verb = command({
  text: ["Says whether relay and monitor run, what waits in the spool, and what was lost."],
  options: OPTIONS,
  notes: ["Exit status 0, or 1 when events are rejected, lost, or cannot be delivered."],
  run,
});

export interface Status {
  readonly relay: {
    readonly running: boolean;
    readonly pid: number | null;
    readonly connected: boolean;
    readonly url: string | null;
    /** Why it is not connected: a sentence, and the same as a code. */
    readonly trouble: string | null;
    /** Why one that was started for what waits has ended, in words. */
    readonly failed: string | null;
    readonly reason: string | null;
    /** Where it runs, if its pid cannot be looked up here: in a container, on another machine. */
    readonly elsewhere: Holder | null;
    readonly counters: Counters | null;
    /** When it counted, ms since 1970. */
    readonly countedAt: number | null;
  };
  readonly monitor: {
    readonly running: boolean;
    readonly url: string | null;
    /** Why it does not answer, as a code. */
    readonly reason: string | null;
    readonly elsewhere: Holder | null;
    readonly events: number | null;
    readonly version: string | null;
    /** A damaged store that was set aside and is there still. */
    readonly setAside: string | null;
    /** Events that its limits of age and size have removed since it started. */
    readonly removed: number | null;
    /** Events that never came, by the gaps in the sessions' numbers. */
    readonly gaps: number | null;
    /** What it has stored, refused and put off since it started. */
    readonly counters: IngestCounters | null;
    /** Who else reads the events, and what waits for each. */
    readonly consumers: readonly ConsumerStatus[];
  };
  readonly spool: SpoolSizes & {
    /** Why no hook can store an event there, in words. */
    readonly trouble: string | null;
  };
  readonly rejected: number;
  readonly disabled: boolean;
}

async function run({ options }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  const { status, why } = await readAll(io);
  if (options.json) {
    await io.out(`${jsonFor(io, status)}\n`);
    return EXIT.done;
  }
  await io.out(describe(status, why, io));
  return isWell(status) ? EXIT.done : EXIT.failed;
}

function isWell({ rejected, relay, spool, monitor }: Status): boolean {
  const gone = relay.counters ? goneOf(relay.counters) : 0;
  const missed = monitor.consumers.some((consumer) => consumer.missed > 0);
  return (
    rejected === 0 &&
    gone === 0 &&
    !missed &&
    spool.trouble === null &&
    (spool.pending === 0 || (relay.trouble ?? relay.failed) === null)
  );
}

async function readAll(io: Io): Promise<{ status: Status; why: ClientReason | undefined }> {
  const { config } = io;
  const { paths } = config;
  const { url, version, full, why } = await askMonitor(io);
  const spool = measureSpool(paths.spool);
  const said = await figures(io, spool);
  const pid = relayPid(paths) ?? null;
  const current = pid !== null && said?.pid === pid;
  const status: Status = {
    relay: {
      running: pid !== null,
      pid,
      connected: current && said.connected,
      url: said?.url || null,
      trouble: said?.trouble ?? null,
      failed: pid === null ? whyNoRelay(io, spool) : null,
      reason: said?.reason?.code ?? null,
      elsewhere: pid === null ? (relayElsewhere(paths) ?? null) : null,
      counters: said?.counters ?? null,
      countedAt: said?.updatedAt ?? null,
    },
    monitor: {
      running: why === undefined,
      url: url ?? null,
      reason: why?.code ?? null,
      elsewhere: why === undefined ? null : (monitorElsewhere(paths) ?? null),
      events: full?.events ?? null,
      version: version ?? null,
      setAside: full?.setAside ?? null,
      removed: full?.removed ?? null,
      gaps: full?.gaps ?? null,
      counters: full?.counters ?? null,
      consumers: full?.consumers ?? [],
    },
    spool: { ...spool, trouble: whyNoFiles(paths.spool) ?? null },
    rejected: openRejected(paths.rejected).count(),
    disabled: config.disabled || existsSync(paths.disabled),
  };
  return { status, why };
}

/** What the monitor says of itself. */
export interface MonitorSaid {
  readonly url: string | undefined;
  readonly version?: string | undefined;
  /** What only this home's programs are told. */
  readonly full?: HealthAtHome | undefined;
  /** Why it does not answer. */
  readonly why?: ClientReason;
}

/** Asks the monitor in the home, and where that cannot be, by its port */
async function askMonitor(io: Io): Promise<MonitorSaid> {
  const near = await healthAtHome(io.config, io.signal);
  if (near) return { url: near.url, version: near.health.version, full: near.health };
  const { askByPort } = await import("./by-port.ts");
  return askByPort(io);
}

/** Something may wait, and no relay is there: the one that was started for it may have told why. */
function whyNoRelay({ config }: Io, { oldestAt }: SpoolSizes): string | null {
  return oldestAt === null ? null : (lastFailure(config.paths, "relay", oldestAt) ?? null);
}

/** What the relay says of itself: not older than what the spool shows, where it runs and says so in time. */
async function figures({ config, signal }: Io, spool: SpoolSizes): Promise<RelayStatus | undefined> {
  // Not `performance`, which Node makes first: most calls do not come to wait.
  const deadline = process.hrtime.bigint() + FIGURES_WITHIN_NS;
  for (;;) {
    const said = readStatus(config.paths);
    const late = said === undefined || isBehind(said, spool);
    const pid = relayPid(config.paths);
    if (!late || pid === undefined || signal.aborted || process.hrtime.bigint() > deadline) return said;
    await sleep(POLL_MS);
  }
}

/** Whether its figures speak of events on their way that the spool does not have any more. */
function isBehind({ counters, spool: then }: RelayStatus, { pending }: SpoolSizes): boolean {
  const { received, forwarded, repeated, rejected } = counters;
  return pending === 0 && (then.pending > 0 || received > forwarded + repeated + rejected);
}

type Line = readonly [name: string, said: string];

function describe(status: Status, why: ClientReason | undefined, io: Io): string {
  const { style, config, columns } = io;
  const bad = style.red("●");
  const trouble = homeTrouble(config.paths.home);
  const lines: readonly (Line | undefined)[] = [
    trouble === undefined ? undefined : ["home", `${bad} ${trouble}.`],
    status.disabled ? ["hooks", `${bad} paused: nothing is recorded. \`mpm resume\` lets them record.`] : undefined,
    ["relay", relayLine(status, io)],
    ["monitor", monitorLine(status, why, io)],
    status.monitor.setAside === null
      ? undefined
      : ["store", `${bad} damaged and set aside: ${status.monitor.setAside}. A new one is in use; move that one away.`],
    ["spool", spoolLine(status, io)],
    ["rejected", rejectedLine(status, io)],
    ...status.monitor.consumers.map((consumer): Line => [consumer.name, consumerLine(consumer, io)]),
    countsOf(status, io),
  ];
  return lines
    .flatMap((line) => (line ? [`${style.bold(line[0].padEnd(NAME_CHARS))} ${hang(line[1], INDENT, columns)}\n`] : []))
    .join("");
}

function relayLine({ relay, spool }: Status, { style }: Io): string {
  const running = `running (pid ${relay.pid})`;
  if (relay.elsewhere) return `${style.green("●")} running ${whereOf(relay.elsewhere)}`;
  if (relay.failed !== null)
    return `${style.red("●")} cannot start: ${printable(relay.failed)}. relay.log says more, \`mpm doctor\` what to do.`;
  if (!relay.running) return `${style.dim("○")} not running; the next event starts it`;
  if (relay.connected) return `${style.green("●")} ${running}, connected to ${relay.url}`;
  if (spool.pending === 0) return `${style.green("●")} ${running}, nothing to send`;
  return `${style.red("●")} ${running}, not connected: ${printable(relay.trouble ?? "connecting")}`;
}

function monitorLine({ monitor }: Status, why: ClientReason | undefined, { style }: Io): string {
  if (monitor.running) {
    // One elsewhere says no more than that it is there, and is not opened from here.
    if (monitor.events === null) return `${style.green("●")} ${monitor.url} answers`;
    return `${style.green("●")} ${monitor.url}, ${plural(monitor.events, "event")} stored. \`mpm monitor open\` shows them.`;
  }
  if (monitor.elsewhere)
    return `${style.yellow("●")} running ${whereOf(monitor.elsewhere)}, and cannot be reached from here`;
  if (why === undefined || why.code === "nothing_listens")
    return `${style.dim("○")} not running; an event or \`mpm monitor start\` starts it`;
  return `${style.red("●")} ${printable(textOf(why))}`;
}

const whereOf = ({ host, pid }: Holder) => `on ${printable(host)} (pid ${pid} there), in another container or machine`;

function spoolLine({ spool, rejected, relay }: Status, { style, now }: Io): string {
  if (spool.trouble !== null) return `${style.red("●")} no event can be stored: ${printable(spool.trouble)}`;
  if (spool.pending > 0) {
    const age = spool.oldestAt === null ? "" : `, the oldest ${span(Math.max(0, now() - spool.oldestAt))} old`;
    return `${style.dim("○")} ${spool.pending} waiting (${bytes(spool.bytes)})${age}`;
  }
  const lost = rejected > 0 || (relay.counters !== null && goneOf(relay.counters) > 0);
  return `${style.green("●")} empty: ${lost ? "nothing is waiting" : "everything is delivered"}`;
}

function rejectedLine({ rejected }: Status, { style, config }: Io): string {
  if (rejected === 0) return `${style.green("●")} none`;
  return `${style.red("●")} ${rejected} in ${config.paths.rejected}, a reason beside each. \`mpm replay\` tries them again.`;
}

/** How a consumer of the store is: what it lost comes first. */
function consumerLine({ waiting, missed, refused, delivered, trouble }: ConsumerStatus, { style }: Io): string {
  const lost = [
    ...(missed > 0 ? [`${plural(missed, "event")} removed before it had read them`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ];
  const losses = lost.length > 0 ? style.red(`, ${listed(lost)}`) : "";
  const waits = waiting > 0 ? `, ${plural(waiting, "event")} waiting` : "";
  if (trouble !== undefined) return `${style.red("●")} ${printable(trouble)}${waits}${losses}`;
  return `${style.green("●")} ${delivered} passed on${waits}${losses}`;
}

/** What became of events so far, in words that fit to what is waiting now. */
function countsOf({ relay, spool }: Status, { style }: Io): Line | undefined {
  if (relay.counters === null || relay.countedAt === null) return undefined;
  const { received, forwarded, repeated, rejected, cut, dropped, discarded } = relay.counters;
  const parts = [
    `${forwarded + repeated} delivered`,
    ...(repeated > 0 ? [`${repeated} of them again`] : []),
    ...(cut > 0 ? [`${cut} cut to fit`] : []),
    dropped > 0 ? style.red(`${dropped} dropped`) : "none dropped",
    ...(discarded > 0 ? [style.red(`${discarded} rejected and removed since`)] : []),
  ];
  const behind = spool.pending === 0 && received > forwarded + repeated + rejected;
  const until = behind ? `, as counted at ${new Date(relay.countedAt).toTimeString().slice(0, 8)}` : "";
  return ["so far", listed(parts) + until];
}
