// The alerts of a home as its settings have them: rules with their numbers, channels with their addresses.
// - Where nothing is set, one rule holds: who waits for a person is told on the desktop.

import type { Config } from "../config/config.ts";
import { writeDuration } from "../config/units.ts";
import { type ChannelStatus, type ChannelType, type RuleStatus, SLOW_HOOK_MS } from "../contract/alerts.ts";

export type Rule = Config["alertRules"][number];
export type Channel = Config["alertChannels"][number];

export interface Setup {
  readonly rules: readonly Rule[];
  readonly channels: readonly Channel[];
  /** Texts of sessions leave the machine with an alert. */
  readonly content: boolean;
  readonly quiet: Quiet | undefined;
}

/** Minutes of the local day, from one to another, perhaps over midnight. */
export interface Quiet {
  readonly from: number;
  readonly until: number;
}

/** The channel that is there without being named in the settings. */
export const DESKTOP = "desktop";
const DESKTOP_CHANNEL: Channel = { name: DESKTOP, type: "desktop" };

export function setupOf({ alertRules, alertChannels, alertContent, alertQuiet }: Config): Setup {
  const named = alertChannels.some(({ name }) => name === DESKTOP);
  return {
    rules: alertRules,
    channels: named ? alertChannels : [DESKTOP_CHANNEL, ...alertChannels],
    content: alertContent === "content",
    quiet: alertQuiet === undefined ? undefined : quietOf(alertQuiet),
  };
}

/** `22:00-07:00`, which the schema of the setting has let through. */
function quietOf(text: string): Quiet {
  const [from = 0, until = 0] = text.split("-").map((time) => {
    const [hours = 0, minutes = 0] = time.split(":").map(Number);
    return hours * 60 + minutes;
  });
  return { from, until };
}

/** ms until quiet hours end; 0 outside of them. `now` is read in local time. */
export function quietFor(quiet: Quiet | undefined, now: Date): number {
  if (!quiet || quiet.from === quiet.until) return 0;
  const minute = now.getHours() * 60 + now.getMinutes();
  const { from, until } = quiet;
  const isQuiet = from < until ? minute >= from && minute < until : minute >= from || minute < until;
  if (!isQuiet) return 0;
  const end = new Date(now);
  end.setHours(Math.floor(until / 60), until % 60, 0, 0);
  if (end <= now) end.setDate(end.getDate() + 1);
  return end.getTime() - now.getTime();
}

/** What a rule says, for a person. */
export function aboutRule(rule: Rule): RuleStatus {
  return { when: rule.when, about: wordsOf(rule), to: [...rule.to] };
}

/** What holds where a rule names no number: ms, and calls. */
const DEFAULTS: Readonly<Record<Rule["when"], { readonly over: number; readonly count: number }>> = {
  waiting: { over: 30_000, count: 0 },
  turn_ended: { over: 300_000, count: 0 },
  failures: { over: 60_000, count: 5 },
  repeat: { over: 0, count: 3 },
  budget: { over: 0, count: 0 },
  relay: { over: 300_000, count: 0 },
  latency: { over: 2000, count: 0 },
  hooks: { over: SLOW_HOOK_MS, count: 0 },
};

/** The rule's duration, ms, and count, where it has them. */
export function numbersOf({ when, over, count }: Rule): { readonly over: number; readonly count: number } {
  return { over: over ?? DEFAULTS[when].over, count: count ?? DEFAULTS[when].count };
}

function wordsOf(rule: Rule): string {
  const { over, count } = numbersOf(rule);
  const time = writeDuration(over);
  const where = rule.project === undefined ? "" : ` in ${rule.project}`;
  switch (rule.when) {
    case "waiting":
      return `a session waits for you longer than ${time}${where}`;
    case "turn_ended":
      return `a turn that took longer than ${time} has ended${where}`;
    case "failures":
      return `${count} calls of a session fail within ${time}${where}`;
    case "repeat":
      return `the same call of a session fails ${count} times${where}`;
    case "budget":
      return `80 % of ${budgetOf(rule)} a ${rule.per ?? "day"} are spent, and again when all of it is${where}`;
    case "relay":
      return `events wait longer than ${time} for the monitor, came so late, or were lost`;
    case "latency":
      return `of a hundred events five take longer than ${time} to be stored`;
    case "hooks":
      return `of a hundred hooks five hold Claude Code up for longer than ${time}`;
  }
}

function budgetOf({ usd, tokens }: Rule): string {
  return usd === undefined ? `${tokens ?? 0} tokens` : `$${usd}`;
}

/** What a channel needs, in the order in which people know them. */
export const CHANNEL_WORDS: Readonly<Record<ChannelType, string>> = {
  desktop: "notifications of the desktop",
  webhook: "signed JSON by POST",
  slack: "an incoming webhook of Slack",
  discord: "a webhook of Discord",
  ntfy: "a topic of ntfy",
};

/** A channel without what nobody may see; `trouble` is why it cannot be used here. */
export function channelStatus(
  { name, type, url }: Channel,
  to: string | undefined,
  trouble: string | undefined,
): ChannelStatus {
  const host = url === undefined ? to : URL.parse(url)?.host;
  return {
    name,
    type,
    available: trouble === undefined,
    ...(host === undefined ? {} : { to: host }),
    ...(trouble === undefined ? {} : { trouble }),
  };
}
