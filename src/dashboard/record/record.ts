// What a record of a session says, whatever its form.

import type { Message } from "../../contract/conversation.ts";
import type { SessionSummary } from "../../contract/session.ts";
import { isTaskNews, promptText } from "../../session/news.ts";
import type { Call } from "../model/conversation.ts";
import { dollars, duration, plural, projectName } from "../model/format.ts";
import { lastedOf } from "../model/lasted.ts";
import { sessionName } from "../model/name.ts";

export interface About {
  readonly title: string;
  readonly facts: readonly string[];
}

const moment = new Intl.DateTimeFormat("en", {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
});

/** Local date and time with its zone; `t` is ms since 1970. */
export const timeOf = (t: number): string => moment.format(t);

export const OUTCOMES: Readonly<Record<Call["outcome"], readonly [sign: string, word: string]>> = {
  done: ["✓", "done"],
  failed: ["✕", "failed"],
  denied: ["⊘", "denied"],
  interrupted: ["◼", "interrupted"],
  launched: ["⇢", "in the background"],
  running: ["▸", "running"],
};

/** In the place of what a machine does not share with its team, in Markdown. */
const NOT_SHARED = "*not shared*";

/** What a message says, in Markdown. */
export function saidIn({ role, text, withheld }: Message): string {
  if (withheld) return NOT_SHARED;
  return role === "user" ? promptText(text) : text;
}

export function whoOf({ role, agent, agentType, text }: Message): string {
  if (agent !== undefined) return agentType ?? "Subagent";
  if (role === "assistant") return "Claude";
  return isTaskNews(text) ? "Claude Code" : "You";
}

export function aboutOf(session: SessionSummary, now: number): About {
  const { firstAt, turns, toolCalls, failures, cost, branch, model } = session;
  return {
    title: sessionName(session),
    facts: [
      projectName(session) + (branch ? ` (${branch})` : ""),
      timeOf(firstAt),
      `lasted ${duration(lastedOf(session, now))}`,
      plural(turns, "turn"),
      plural(toolCalls, "tool call"),
      ...(failures > 0 ? [`${failures} failed`] : []),
      ...(cost === undefined ? [] : [dollars(cost)]),
      ...(model ? [model] : []),
      `session ${session.id}`,
    ],
  };
}
