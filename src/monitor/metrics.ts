// GET /metrics in the text format of Prometheus: base units, counters that end in _total, histograms for times.
// - Counters begin with the monitor, as Prometheus expects; those of relays are the relays' own.

import type { ConsumerStatus } from "../contract/consumer.ts";
import type { FullHealth } from "../contract/health.ts";
import { COUNTERS, type RelayStatus } from "../contract/relay-status.ts";
import type { SessionState } from "../contract/session.ts";
import { printableJson } from "../platform/text.ts";
import type { Histogram, Measures } from "./measure.ts";

/** What is asked of the store for each look. */
export interface Momentary {
  readonly sessions: ReadonlyMap<SessionState, number>;
  /** How long the longest wait for a person takes so far, s. */
  readonly waiting: number;
  /** US dollars since midnight. */
  readonly cost: number;
}

export interface Exposed {
  readonly version: string;
  readonly health: FullHealth;
  readonly measures: Measures;
  readonly momentary: Momentary;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

const MS_PER_S = 1000;

/** What Prometheus reads of the monitor. */
export function exposition({ version, health, measures, momentary }: Exposed): string {
  const { counters, relays, consumers = [] } = health;
  const page = new Page();
  page.gauge("mpm_info", "Version of the monitor.", [[{ version }, 1]]);
  page.gauge("mpm_start_time_seconds", "When the monitor started, since 1970.", one(health.startedAt / MS_PER_S));

  page.counter("mpm_events_stored_total", "Events committed since the monitor started.", one(counters.stored));
  page.counter("mpm_events_repeated_total", "Events that were known already.", one(counters.repeated));
  page.counter("mpm_events_refused_total", "What was sent and was no event.", one(counters.refused));
  page.counter(
    "mpm_events_postponed_total",
    "Events that could not be stored when they came; their senders keep them.",
    one(counters.postponed),
  );
  page.counter("mpm_events_total", "Events committed, by name.", by("event", measures.events));
  page.counter("mpm_commits_total", "Transactions of the store.", one(counters.commits));
  page.histogram("mpm_delivery_seconds", "From the hook to the store.", [[{}, measures.delivery]]);
  page.counter(
    "mpm_calls_total",
    "Calls of tools that ended, by tool and outcome.",
    [...measures.calls].flatMap(([tool, outcomes]) =>
      [...outcomes].map(([outcome, count]): Sample => [{ tool, outcome }, count]),
    ),
  );
  page.histogram(
    "mpm_call_seconds",
    "How long tools ran, by tool.",
    [...measures.callSeconds].map(([tool, histogram]) => [{ tool }, histogram] as const),
  );

  page.gauge("mpm_sessions", "Sessions, by state.", by("state", momentary.sessions));
  page.gauge("mpm_waiting_seconds", "How long a person has been waited for, at most.", one(momentary.waiting));
  page.gauge("mpm_cost_today_dollars", "What answers of models cost since midnight.", one(momentary.cost));

  page.gauge("mpm_store_events", "Events in the store.", one(health.events));
  page.gauge("mpm_store_bytes", "Size of the store.", one(health.bytes));
  page.gauge("mpm_store_limit_bytes", "Size beyond which the oldest events are removed.", one(health.maxBytes));
  page.gauge("mpm_store_missing_events", "Numbers of sessions that never came.", one(health.gaps));
  page.counter("mpm_store_removed_events_total", "Events removed by age or size.", one(health.removed));
  page.gauge("mpm_live_clients", "Open pages and tails.", one(health.clients));

  const hosts = new Map<string, number>();
  for (const { host } of relays) hosts.set(host, (hosts.get(host) ?? 0) + 1);
  const byRelay = (value: (relay: RelayStatus) => number) =>
    relays.map((relay): Sample => [relayLabels(relay, (hosts.get(relay.host) ?? 0) > 1), value(relay)]);
  page.gauge(
    "mpm_relay_connected",
    "1 while the relay is connected.",
    byRelay(({ connected }) => (connected ? 1 : 0)),
  );
  page.gauge(
    "mpm_spool_events",
    "Events that wait in the spool.",
    byRelay(({ spool }) => spool.pending),
  );
  page.gauge(
    "mpm_spool_bytes",
    "Size of the spool.",
    byRelay(({ spool }) => spool.bytes),
  );
  for (const [key, help] of COUNTERS)
    page.counter(
      `mpm_relay_${key}_total`,
      help,
      byRelay((relay) => relay.counters[key]),
    );

  for (const [name, type, help, value] of CONSUMER_METRICS)
    page[type](
      name,
      help,
      consumers.map((each): Sample => [{ consumer: each.name }, value(each)]),
    );
  return page.text;
}

const one = (value: number): readonly Sample[] => [[{}, value]];
const by = (label: string, values: ReadonlyMap<string, number>): readonly Sample[] =>
  [...values].map(([name, value]) => [{ [label]: name }, value]);

/** Two machines may have one name, and then only what they are tells them apart: a label twice would cost the whole page. */
const relayLabels = ({ host, machine }: RelayStatus, isShared: boolean): Labels =>
  isShared && machine !== undefined ? { host, machine } : { host };

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

/** The text, family by family. A family without samples is left out. */
class Page {
  readonly #lines: string[] = [];

  get text(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  gauge(name: string, help: string, samples: readonly Sample[]): void {
    this.#family(name, "gauge", help, samples);
  }

  counter(name: string, help: string, samples: readonly Sample[]): void {
    this.#family(name, "counter", help, samples);
  }

  histogram(name: string, help: string, samples: readonly (readonly [Labels, Histogram])[]): void {
    if (samples.length === 0) return;
    this.#head(name, "histogram", help);
    for (const [labels, { bounds, counts, sum }] of samples) {
      let total = 0;
      for (const [index, count] of counts.entries()) {
        total += count;
        this.#sample(`${name}_bucket`, { ...labels, le: String(bounds[index] ?? "+Inf") }, total);
      }
      this.#sample(`${name}_sum`, labels, sum);
      this.#sample(`${name}_count`, labels, total);
    }
  }

  #family(name: string, type: "gauge" | "counter", help: string, samples: readonly Sample[]): void {
    if (samples.length === 0) return;
    this.#head(name, type, help);
    for (const [labels, value] of samples) this.#sample(name, labels, value);
  }

  #head(name: string, type: string, help: string): void {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  }

  #sample(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${quoted(text)}"`);
    this.#lines.push(`${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}`);
  }
}

const quoted = (text: string) => visible(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** With what a terminal might obey as its escape. Two texts never become the same: a page with a label twice is refused. */
const visible = (text: string) => printableJson(text.replace(/\\(?=u[\da-f]{4})/g, "\\u005c"));
