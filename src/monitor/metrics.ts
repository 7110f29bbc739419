// GET /metrics in the text format of Prometheus.

import type { ConsumerStatus } from "../contract/consumer.ts";
import type { FullHealth } from "../contract/health.ts";
import type { RelayStatus } from "../contract/relay-status.ts";

/** What Prometheus reads of the monitor. */
export function exposition(version: string, health: FullHealth): string {
  const { counters, events, gaps, bytes, clients, relays } = health;
  const lines: string[] = [];
  const metric = (
    name: string,
    type: "counter" | "gauge",
    help: string,
    samples: readonly (readonly [labels: string, value: number])[],
  ) => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [labels, value] of samples) lines.push(`${name}${labels && `{${labels}}`} ${value}`);
  };
  const one = (value: number) => [["", value]] as const;
  const byRelay = (value: (relay: RelayStatus) => number) =>
    relays.map((relay) => [`host="${quoted(relay.host)}"`, value(relay)] as const);

  metric("mpm_info", "gauge", "Version of the monitor.", [[`version="${quoted(version)}"`, 1]]);
  metric("mpm_events_stored_total", "counter", "Events committed since the monitor started.", one(counters.stored));
  metric("mpm_events_repeated_total", "counter", "Events that were known already.", one(counters.repeated));
  metric("mpm_events_refused_total", "counter", "What was sent and was no event.", one(counters.refused));
  metric(
    "mpm_events_postponed_total",
    "counter",
    "Events that could not be stored when they came; their senders keep them.",
    one(counters.postponed),
  );
  metric("mpm_commits_total", "counter", "Transactions of the store.", one(counters.commits));
  metric("mpm_store_events", "gauge", "Events in the store.", one(events));
  metric("mpm_store_bytes", "gauge", "Size of the store.", one(bytes));
  metric("mpm_store_missing_events", "gauge", "Numbers of sessions that never came.", one(gaps));
  metric("mpm_live_clients", "gauge", "Open pages and tails.", one(clients));
  metric(
    "mpm_relay_connected",
    "gauge",
    "1 while the relay is connected.",
    byRelay((relay) => (relay.connected ? 1 : 0)),
  );
  metric(
    "mpm_spool_events",
    "gauge",
    "Events that wait in the spool.",
    byRelay((relay) => relay.spool.pending),
  );
  metric(
    "mpm_spool_bytes",
    "gauge",
    "Size of the spool.",
    byRelay((relay) => relay.spool.bytes),
  );
  const byConsumer = (value: (consumer: ConsumerStatus) => number) =>
    (health.consumers ?? []).map((each) => [`consumer="${quoted(each.name)}"`, value(each)] as const);
  if (byConsumer(() => 1).length > 0)
    for (const [name, type, help, value] of CONSUMER_METRICS) metric(name, type, help, byConsumer(value));
  for (const [key, help] of COUNTERS)
    metric(
      `mpm_relay_${key}_total`,
      "counter",
      help,
      byRelay((relay) => relay.counters[key]),
    );
  return `${lines.join("\n")}\n`;
}

const CONSUMER_METRICS = [
  [
    "mpm_consumer_up",
    "gauge",
    "1 while the consumer passes events on.",
    (each) => (each.trouble === undefined ? 1 : 0),
  ],
  ["mpm_consumer_waiting_events", "gauge", "Events that wait for the consumer.", (each) => each.waiting],
  ["mpm_consumer_delivered_total", "counter", "What the consumer has passed on.", (each) => each.delivered],
  ["mpm_consumer_refused_total", "counter", "What was refused for good.", (each) => each.refused],
  ["mpm_consumer_missed_events_total", "counter", "Events removed before they were read.", (each) => each.missed],
] as const satisfies readonly (readonly [string, "gauge" | "counter", string, (each: ConsumerStatus) => number])[];

const COUNTERS = [
  ["received", "Events taken from the spool."],
  ["forwarded", "Events that the server has taken."],
  ["repeated", "Events that the server had already."],
  ["rejected", "Events moved to rejected/."],
  ["cut", "Events whose strings were cut."],
  ["dropped", "Events removed by the limit of the spool."],
] as const;

const quoted = (text: string) => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
