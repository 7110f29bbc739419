// mpm status: is it running, what is waiting, what was lost.

import { readdirSync } from "node:fs";
import type { Counters } from "../contract/relay-status.ts";
import { homeTrouble } from "../platform/directory.ts";
import { bytes, plural, printable, span } from "../platform/text.ts";
import { health, monitorUrl } from "../services/client.ts";
import { readStatus } from "../services/presence.ts";
import { relayPid } from "../services/relay.ts";
import { openRejected } from "../spool/rejected.ts";
import { measureSpool } from "../spool/sizes.ts";
import { type Call, flag } from "./arguments.ts";
import { command } from "./command.ts";
import { EXIT, type Io } from "./terminal.ts";

const OPTIONS = { json: flag("one JSON object") };

export const verb = command({
  text: ["Says whether relay and monitor run, what waits in the spool, and what was lost."],
  options: OPTIONS,
  notes: ["Exit status 0, or 1 when events are rejected, dropped, or cannot be delivered."],
  run,
});

export interface Status {
  readonly relay: {
    readonly running: boolean;
    readonly pid: number | null;
    readonly connected: boolean;
    readonly url: string | null;
    readonly trouble: string | null;
    readonly counters: Counters | null;
  };
  readonly monitor: {
    readonly running: boolean;
    readonly url: string | null;
    readonly events: number | null;
    readonly version: string | null;
    /** A damaged store that was set aside and is there still. */
    readonly setAside: string | null;
    /** Events that its limits of age and size have removed since it started. */
    readonly removed: number | null;
    /** Events that never came, by the gaps in the sessions' numbers. */
    readonly gaps: number | null;
    /** What it has stored, refused and put off since it started. */
    readonly counters: unknown;
  };
  readonly spool: { readonly pending: number; readonly bytes: number; readonly oldestAt: number | null };
  readonly rejected: number;
  readonly disabled: boolean;
}

async function run({ options }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  const status = await readAll(io);
  if (options.json) {
    await io.out(`${JSON.stringify(status)}\n`);
    return EXIT.done;
  }
  await io.out(describe(status, io));
  return status.rejected > 0 ||
    (status.relay.counters?.dropped ?? 0) > 0 ||
    (status.spool.pending > 0 && status.relay.trouble)
    ? EXIT.failed
    : EXIT.done;
}

async function readAll({ config }: Io): Promise<Status> {
  const { paths } = config;
  const pid = relayPid(paths) ?? null;
  const said = readStatus(paths);
  const monitor = await health(config);
  const told: Record<string, unknown> = monitor.ok ? monitor.value : {};
  const number = (value: unknown) => (typeof value === "number" ? value : null);
  return {
    relay: {
      running: pid !== null,
      pid,
      connected: pid !== null && said?.pid === pid && said.connected,
      url: said?.url || null,
      trouble: said?.trouble ?? null,
      counters: said?.counters ?? null,
    },
    monitor: {
      running: monitor.ok,
      url: monitorUrl(config) ?? null,
      events: number(told["events"]),
      version: monitor.ok ? monitor.value.version : null,
      setAside: typeof told["setAside"] === "string" ? told["setAside"] : null,
      removed: number(told["removed"]),
      gaps: number(told["gaps"]),
      counters: told["counters"] ?? null,
    },
    spool: measureSpool(paths.spool),
    rejected: openRejected(paths.rejected).count(),
    disabled: config.disabled || namesIn(paths.home).includes("disabled"),
  };
}

function describe(status: Status, { style, now, config }: Io): string {
  const { relay, monitor, spool, rejected } = status;
  const lines: [string, string][] = [];
  const good = style.green("●");
  const bad = style.red("●");
  const idle = style.dim("○");
  const trouble = homeTrouble(config.paths.home);
  if (trouble !== undefined) lines.push(["home", `${bad} ${trouble}.`]);
  if (status.disabled) lines.push(["hooks", `${bad} paused: nothing is recorded. \`mpm resume\` goes on.`]);
  if (!relay.running) lines.push(["relay", `${idle} not running; the next event starts it`]);
  else if (relay.connected) lines.push(["relay", `${good} running (pid ${relay.pid}), connected to ${relay.url}`]);
  else if (spool.pending > 0)
    lines.push([
      "relay",
      `${bad} running (pid ${relay.pid}), not connected: ${printable(relay.trouble ?? "connecting")}`,
    ]);
  else lines.push(["relay", `${good} running (pid ${relay.pid}), nothing to send`]);
  lines.push([
    "monitor",
    monitor.running
      ? `${good} ${monitor.url}${monitor.events === null ? "" : `, ${plural(monitor.events, "event")} stored`}. \`mpm monitor open\` shows them.`
      : `${idle} not running; an event or \`mpm monitor start\` starts it`,
  ]);
  if (monitor.setAside !== null)
    lines.push([
      "store",
      `${bad} damaged, and set aside: ${monitor.setAside}. A new one is in use; move that one away.`,
    ]);
  const age = spool.oldestAt === null ? "" : `, the oldest ${span(Math.max(0, now() - spool.oldestAt))} old`;
  lines.push([
    "spool",
    spool.pending === 0
      ? `${good} empty: everything is delivered`
      : `${idle} ${spool.pending} waiting (${bytes(spool.bytes)})${age}`,
  ]);
  lines.push([
    "rejected",
    rejected === 0
      ? `${good} none`
      : `${bad} ${rejected} in ${config.paths.rejected}, a reason beside each. \`mpm replay\` tries them again.`,
  ]);
  if (relay.counters) {
    const { received, forwarded, repeated, cut, dropped, discarded = 0 } = relay.counters;
    const lost = (count: number, what: string) => (count > 0 ? style.red(`${count} ${what}`) : `0 ${what}`);
    lines.push([
      "so far",
      `${received} received, ${forwarded} forwarded, ${repeated} repeated, ${cut} cut, ${lost(dropped, "dropped")}${discarded > 0 ? `, ${lost(discarded, "rejected and removed since")}` : ""}`,
    ]);
  }
  return lines.map(([name, text]) => `${style.bold(name.padEnd(9))} ${text}\n`).join("");
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
