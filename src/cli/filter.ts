// The filters of events as options: those of the API, by the same names and with the same times.

import { HOOK_EVENTS } from "../contract/catalog.ts";
import type { EventFilter } from "../contract/routes.ts";
import { readTime, TIME_EXPECTED } from "../contract/time.ts";
import { flag, type Options, text, type Values, value } from "./arguments.ts";

const group = "Which events";
const NAMES = HOOK_EVENTS.map(({ name }) => name);
const TIMES = ["today", "yesterday", "10m", "2h", "3d"];

/** The forms that a time is given in, for help. */
export const TIME_FORMS = "an ISO time, today, yesterday, or how long ago: 10m, 2h, 3d";

export const time = (about: string, more: { readonly group?: string } = {}) =>
  value("TIME", about, TIME_EXPECTED, readTime, { offered: TIMES, ...more });

export const FILTER_OPTIONS = {
  session: text("ID", "of this session; the beginning of its id is enough", { group }),
  event: text("NAME", "of this kind: PreToolUse, Stop, ...", { group, offered: NAMES }),
  tool: text("NAME", "of this tool: Bash, Edit, mcp__github__get_issue, ...", { group }),
  agent: text("ID", "of this subagent", { group }),
  project: text("DIR", "of this project: its directory as the monitor knows it", { group, path: true }),
  q: text("WORDS", "with these words anywhere in them", { group, short: "q" }),
  failed: flag("that failed", { group }),
  since: time(`from then on: ${TIME_FORMS}`, { group }),
  until: time("until then, in the same forms", { group }),
} satisfies Options;

/** The filter that the options say; the session is to be completed. */
export function filterOf(options: Values<typeof FILTER_OPTIONS>): EventFilter {
  const { session, event, tool, agent, project, q, failed, since, until } = options;
  return { session, event, tool, agent, project, q, failed: failed || undefined, since, until };
}

/** Whether it lets every event through. */
export function isEmpty(filter: EventFilter): boolean {
  return Object.values(filter).every((each) => each === undefined);
}
