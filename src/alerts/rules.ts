// Rules over what happens: rows in, alerts out. Pure, but for what it remembers of sessions between two rows.
// - An alert's id is a hash of its cause: found again, after a restart or in a repeat, it is the same alert.
// - A burst and a repeated failure are told once; they have to begin anew to be told again.

import { hash } from "node:crypto";
import { writeDuration } from "../config/units.ts";
import type { Alert, HookRun } from "../contract/alerts.ts";
import { baseName, projectName } from "../contract/project.ts";
import type { EventRow } from "../contract/row.ts";
import type { SessionSummary, WaitReason } from "../contract/session.ts";
import type { Turn } from "../contract/turn.ts";
import { plural } from "../platform/text.ts";
import { numbersOf, type Rule } from "./setup.ts";

/** An alert, and to which channels it goes. */
export interface Found {
  readonly alert: Alert;
  readonly to: readonly string[];
}

/** What is told of a session beside the cause. */
export type About = Pick<SessionSummary, "id" | "project" | "repository" | "cwd">;

/** The id of a cause: whoever has the parts has the id. */
export function idOf(...parts: readonly (string | number)[]): string {
  return `a_${hash("sha256", parts.join("\n")).slice(0, 32)}`;
}

/** Whether a rule is about that session. */
export function concerns({ project }: Rule, about: About): boolean {
  if (project === undefined) return true;
  const wanted = project.toLowerCase();
  const paths = [about.project, about.repository, about.cwd].filter((path) => path !== undefined);
  return paths.some((path) => path.toLowerCase() === wanted || baseName(path).toLowerCase() === wanted);
}

const of = (about: About): { session: string; project?: string } => {
  const project = projectName(about);
  return { session: about.id, ...(project ? { project } : {}) };
};
const inProject = (about: About): string => projectName(about) || "a session";

/** Waits of a session that have become too long, and when the next one does, ms since 1970. */
export function waitingTooLong(
  rule: Rule,
  session: SessionSummary,
  now: number,
): { readonly found: Found[]; readonly next: number | undefined } {
  const { over } = numbersOf(rule);
  const waits = session.waits.filter(({ sure, for: { code } }) => sure && code !== "prompt");
  const due = waits.filter(({ since }) => now - since >= over);
  const later = waits.filter(({ since }) => now - since < over).map(({ since }) => since + over);
  return {
    found: due.map((wait) => ({
      to: rule.to,
      alert: {
        id: idOf("waiting", session.id, wait.id, wait.since),
        when: "waiting",
        at: now,
        text: `${inProject(session)} waits for you: ${asks(wait.for)}.`,
        ...of(session),
        ...(wait.asked?.text === undefined ? {} : { content: wait.asked.text }),
      },
    })),
    next: later.length === 0 ? undefined : Math.min(...later),
  };
}

function asks(reason: WaitReason): string {
  switch (reason.code) {
    case "permission":
      return reason.tool ? `permission for ${reason.tool}` : "a permission";
    case "question":
      return "a question";
    case "plan":
      return "a plan to approve";
    case "elicitation":
      return reason.server ? `${reason.server} asks` : "a server asks";
    case "notification":
      return "it needs an answer";
    case "prompt":
      return "the next prompt";
  }
}

/** The end of a long turn. `turn` is the one that the row has ended. */
export function turnEnded(rule: Rule, session: SessionSummary, turn: Turn): Found | undefined {
  const { over } = numbersOf(rule);
  if (turn.endedAt === undefined || turn.ms.total < over) return undefined;
  const how = turn.state === "failed" ? "has failed" : turn.state === "interrupted" ? "was interrupted" : "is done";
  return {
    to: rule.to,
    alert: {
      id: idOf("turn_ended", session.id, turn.number, turn.startedAt),
      when: "turn_ended",
      at: turn.endedAt,
      text: `${inProject(session)} ${how} after ${minutes(turn.ms.total)}.`,
      ...of(session),
      ...(turn.answer === undefined ? {} : { content: turn.answer }),
    },
  };
}

const MINUTE_MS = 60_000;
const minutes = (ms: number): string => {
  const whole = Math.round(ms / MINUTE_MS);
  return whole < 1 ? `${Math.round(ms / 1000)} seconds` : `${whole} minute${whole === 1 ? "" : "s"}`;
};

/** Sessions whose failures are remembered; of one that was forgotten they are counted anew. */
const MAX_SESSIONS = 10_000;

/** Keeps what belongs to a session, as the last to be forgotten. */
function keepAmong<T>(remembered: Map<string, T>, session: string, value: T): void {
  remembered.delete(session);
  remembered.set(session, value);
  const [oldest] = remembered.keys();
  if (remembered.size > MAX_SESSIONS && oldest !== undefined) remembered.delete(oldest);
}

/** Failures of one session in a short time. */
export class Bursts {
  readonly #rule: Rule;
  readonly #failures = new Map<string, EventRow[]>();

  constructor(rule: Rule) {
    this.#rule = rule;
  }

  clear(): void {
    this.#failures.clear();
  }

  take(row: EventRow, about: About): Found | undefined {
    if (row.failed !== true) return undefined;
    const { over, count } = numbersOf(this.#rule);
    const recent = [...(this.#failures.get(row.session) ?? []).filter(({ t }) => row.t - t < over), row];
    const [first] = recent;
    if (recent.length < count || !first) {
      keepAmong(this.#failures, row.session, recent);
      return undefined;
    }
    this.#failures.delete(row.session);
    const tools = [...new Set(recent.map(({ tool }) => tool ?? "a turn"))];
    return {
      to: this.#rule.to,
      alert: {
        id: idOf("failures", row.session, first.id),
        when: "failures",
        at: row.t,
        text: `${recent.length} failures in ${inProject(about)}: ${tools.slice(0, 3).join(", ")}.`,
        ...of(about),
        ...(row.text === undefined ? {} : { content: row.text }),
      },
    };
  }
}

/** The same call failing again and again; `key` is what was called with what. */
export class Repeats {
  readonly #rule: Rule;
  readonly #runs = new Map<string, Map<string, { count: number; first: string }>>();

  constructor(rule: Rule) {
    this.#rule = rule;
  }

  /** Whether anything of the session has failed and not succeeded since: only then a success matters. */
  isWatching(session: string): boolean {
    return (this.#runs.get(session)?.size ?? 0) > 0;
  }

  take(row: EventRow, key: string, about: About): Found | undefined {
    const runs = this.#runs.get(row.session) ?? new Map<string, { count: number; first: string }>();
    if (row.failed !== true) {
      runs.delete(key);
      if (runs.size === 0) this.#runs.delete(row.session);
      return undefined;
    }
    keepAmong(this.#runs, row.session, runs);
    const run = runs.get(key) ?? { count: 0, first: row.id };
    run.count++;
    runs.set(key, run);
    const { count } = numbersOf(this.#rule);
    if (run.count !== count) return undefined;
    return {
      to: this.#rule.to,
      alert: {
        id: idOf("repeat", row.session, run.first, key),
        when: "repeat",
        at: row.t,
        text: `The same call of ${row.tool ?? "a tool"} has failed ${count} times in ${inProject(about)}.`,
        ...of(about),
        ...(row.text === undefined ? {} : { content: row.text }),
      },
    };
  }

  forget(session: string): void {
    this.#runs.delete(session);
  }

  clear(): void {
    this.#runs.clear();
  }
}

/** What was spent in a period, against a budget. */
export interface Spent {
  readonly usd: number;
  readonly tokens: number;
}

const WARN_AT = 0.8;

/** A warning at 80 % and at all of the budget, each once a period; `period` names it, such as 2026-11-27. */
export function overBudget(rule: Rule, period: string, spent: Spent, now: number, about?: About): Found | undefined {
  const shares = [
    ...(rule.usd === undefined ? [] : [spent.usd / rule.usd]),
    ...(rule.tokens === undefined ? [] : [spent.tokens / rule.tokens]),
  ];
  const share = Math.max(0, ...shares);
  if (share < WARN_AT) return undefined;
  const level = share >= 1 ? "all" : "most";
  const per = rule.per ?? "day";
  const where = about ? inProject(about) : (rule.project ?? "all projects");
  const used =
    rule.usd === undefined ? `${spent.tokens} of ${rule.tokens} tokens` : `$${spent.usd.toFixed(2)} of $${rule.usd}`;
  return {
    to: rule.to,
    alert: {
      id: idOf("budget", per, period, level, rule.project ?? "", rule.usd ?? "", rule.tokens ?? ""),
      when: "budget",
      at: now,
      text:
        level === "all"
          ? `The budget of this ${per} is used up: ${used}, ${where}.`
          : `${used} of this ${per}'s budget are used, ${where}.`,
      ...(about ? of(about) : rule.project === undefined ? {} : { project: baseName(rule.project) }),
    },
  };
}

/** Events that were lost for good, and events that wait for too long. */
export interface Flow {
  /** What each relay has dropped and rejected since its home was made. */
  readonly lost: ReadonlyMap<string, number>;
  /** ms since 1970 of the oldest event that waits for the monitor. */
  readonly oldestAt: number | undefined;
  readonly pending: number;
}

/** `news`: how many were lost since that was last told. */
export function flowTrouble(rule: Rule, flow: Flow, news: number, now: number): Found[] {
  const { over } = numbersOf(rule);
  const found: Found[] = [];
  if (news > 0) {
    const text = `${plural(news, "event")} ${news === 1 ? "was" : "were"} lost or rejected on the way. \`mpm status\` says where.`;
    found.push({
      to: rule.to,
      alert: { id: idOf("relay", "lost", ...[...flow.lost].flat()), when: "relay", at: now, text },
    });
  }
  const { oldestAt } = flow;
  if (oldestAt !== undefined && flow.pending > 0 && now - oldestAt >= over) {
    const text = `${flow.pending} events wait for the monitor, the oldest for ${minutes(now - oldestAt)}.`;
    found.push({ to: rule.to, alert: { id: idOf("relay", "behind", oldestAt), when: "relay", at: now, text } });
  }
  return found;
}

/** Events that were stored long after they happened: the monitor was away. Told once for each hour in which they happened. */
export function arrivedLate(rule: Rule, rows: readonly EventRow[], now: number): Found[] {
  const { over } = numbersOf(rule);
  const late = rows.filter(({ source, t }) => source === undefined && now - t >= over);
  const first = late[0];
  if (!first) return [];
  const text = `Events were stored ${minutes(now - first.t)} after they happened: the monitor was away.`;
  return [
    { to: rule.to, alert: { id: idOf("relay", "late", Math.floor(first.t / HOUR_MS)), when: "relay", at: now, text } },
  ];
}

const HOUR_MS = 3_600_000;
const WINDOW_MS = 300_000;
const ENOUGH = 20;
const MOST_SAMPLES = 1000;

/** Durations of the last five minutes. */
class Lately {
  #samples: { readonly at: number; readonly ms: number }[] = [];

  /** Takes more in, and says what five of a hundred exceed; undefined while there are too few. */
  p95(more: readonly { readonly at: number; readonly ms: number }[], now: number): number | undefined {
    this.#samples = [...this.#samples, ...more].filter(({ at }) => now - at < WINDOW_MS).slice(-MOST_SAMPLES);
    if (this.#samples.length < ENOUGH) return undefined;
    const sorted = this.#samples.map(({ ms }) => ms).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  }
}

/** How long events take from the hook to the store. */
export class Latency {
  readonly #rule: Rule;
  readonly #lately = new Lately();

  constructor(rule: Rule) {
    this.#rule = rule;
  }

  /** Takes what was committed at a time; told once an hour at most. */
  take(rows: readonly EventRow[], now: number): Found | undefined {
    const fresh = rows.filter(({ source }) => source === undefined);
    const p95 = this.#lately.p95(
      fresh.map(({ t }) => ({ at: now, ms: Math.max(0, now - t) })),
      now,
    );
    if (p95 === undefined || p95 <= numbersOf(this.#rule).over) return undefined;
    const text = `Events take long to be stored: five of a hundred longer than ${minutes(p95)}.`;
    return {
      to: this.#rule.to,
      alert: { id: idOf("latency", Math.floor(now / HOUR_MS)), when: "latency", at: now, text },
    };
  }
}

/** How long hooks hold Claude Code up, ours and others', by its own figures. */
export class HookCost {
  readonly #rule: Rule;
  readonly #ours = new Lately();
  readonly #others = new Lately();

  constructor(rule: Rule) {
    this.#rule = rule;
  }

  /** Takes what has run; each of the two is told once an hour at most. */
  take(runs: readonly HookRun[], now: number): Found[] {
    const told: Found[] = [];
    for (const isOurs of [true, false]) {
      const fresh = runs.filter((run) => run.isOurs === isOurs).map(({ t, ms }) => ({ at: t, ms }));
      const p95 = (isOurs ? this.#ours : this.#others).p95(fresh, now);
      if (p95 === undefined || p95 <= numbersOf(this.#rule).over) continue;
      const whose = isOurs ? "mpm's hook holds" : "Hooks of other programs hold";
      const text = `${whose} Claude Code up: five of a hundred runs take longer than ${writeDuration(Math.round(p95))}. \`mpm doctor\` measures ours.`;
      const id = idOf("hooks", isOurs ? "ours" : "others", Math.floor(now / HOUR_MS));
      told.push({ to: this.#rule.to, alert: { id, when: "hooks", at: now, text } });
    }
    return told;
  }
}
