// A row as a list of values, without the names: a session of a hundred thousand events is sent and read at once.
// GET /api/sessions/:id/timeline gives lines of JSON, each a list of rows in the order of `n`, oldest first.

import type { EventRow } from "./protocol.ts";

/** What stands at which place; the session is that of the request, what a timeline does not need is left out. */
export const TIMELINE_COLUMNS = [
  "n",
  "id",
  "t",
  "seq",
  "event",
  "tool",
  "agent",
  "agent_type",
  "call",
  "failed",
  "ms",
  "kind",
  "child",
  "background",
  "text",
  // That of a turn, where a turn may begin: too long to be sent with every row.
  "iif(event = 'UserPromptSubmit', prompt, NULL)",
] as const;

type Text = string | null;
export type TimelineRow = readonly [
  n: number,
  id: string,
  t: number,
  seq: number,
  event: string,
  tool: Text,
  agent: Text,
  agentType: Text,
  call: Text,
  failed: number | null,
  ms: number | null,
  kind: Text,
  child: Text,
  background: number | null,
  text: Text,
  prompt: Text,
];

export function rowFrom(values: TimelineRow, session: string): EventRow {
  const [n, id, t, seq, event, tool, agent, agentType, call, failed, ms, kind, child, background, text, prompt] =
    values;
  return {
    n,
    id,
    t,
    session,
    seq,
    event,
    ...(tool === null ? undefined : { tool }),
    ...(agent === null ? undefined : { agent }),
    ...(agentType === null ? undefined : { agentType }),
    ...(call === null ? undefined : { call }),
    ...(failed ? { failed: true as const } : undefined),
    ...(ms === null ? undefined : { ms }),
    ...(kind === null ? undefined : { kind }),
    ...(child === null ? undefined : { child }),
    ...(background ? { background: true as const } : undefined),
    ...(text === null ? undefined : { text }),
    ...(prompt === null ? undefined : { prompt }),
    bytes: 0,
  };
}
