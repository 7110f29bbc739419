// One event as lists and timelines need it: small, flat, from indexed columns.
// - Each field is declared once, here: its schema, its column, and its place in the timeline's tuple. The store's tables
//   and statements, the tuple of the timeline and both codecs follow from this table.

import * as z from "zod/mini";

const whole = z.int();
const string = z.string();
const maybe = z.exactOptional(z.string());
/** True or absent; 1 or NULL in a column. */
const flag = z.exactOptional(z.literal(true));

/** How a field is kept. */
export interface Field<S extends z.core.$ZodType> {
  readonly schema: S;
  readonly column: string;
  readonly sql: "INTEGER" | "REAL" | "TEXT";
  /** A flag is 1 or NULL in its column. */
  readonly flag?: true;
  /** The timeline's tuple has it; a function of the column, where it is not always wanted. */
  readonly timeline?: true | string;
}

const field = <S extends z.core.$ZodType>(
  schema: S,
  column: string,
  sql: Field<S>["sql"],
  more: Pick<Field<S>, "flag" | "timeline"> = {},
): Field<S> => ({ schema, column, sql, ...more });

const inTimeline = { timeline: true } as const;

/** The fields of a row, in the order of the columns. */
export const ROW_FIELDS = {
  /** The store's cursor: counts up by commit, never reused. */
  n: field(whole, "n", "INTEGER", inTimeline),
  id: field(string, "id", "TEXT", inTimeline),
  /** Milliseconds since 1970, of `timestamp`. */
  t: field(z.number(), "t", "INTEGER", inTimeline),
  /** session_id */
  session: field(string, "session", "TEXT"),
  seq: field(whole, "seq", "INTEGER", inTimeline),
  /** hook_event_name */
  event: field(string, "event", "TEXT", inTimeline),
  tool: field(maybe, "tool", "TEXT", inTimeline),
  /** agent_id: inside a subagent. */
  agent: field(maybe, "agent", "TEXT", inTimeline),
  agentType: field(maybe, "agent_type", "TEXT", inTimeline),
  /** tool_use_id */
  call: field(maybe, "call", "TEXT", inTimeline),
  /** prompt_id; in the timeline only where a turn may begin: too long to be sent with every row. */
  prompt: field(maybe, "prompt", "TEXT", { timeline: "CASE WHEN event = 'UserPromptSubmit' THEN prompt END" }),
  /** PostToolUseFailure, StopFailure, PermissionDenied, or a tool response that says so. */
  failed: field(flag, "failed", "INTEGER", { flag: true, timeline: true }),
  /** duration_ms */
  ms: field(z.exactOptional(z.number()), "ms", "REAL", inTimeline),
  /** The event's kind field (source, reason, notification_type, trigger, ...). */
  kind: field(maybe, "kind", "TEXT", inTimeline),
  /** PostToolUse(Agent|Task).tool_response.agentId: the subagent that this call started; of TaskStop, the task that it stopped. */
  child: field(maybe, "child", "TEXT", inTimeline),
  /** run_in_background, or an Agent's `async_launched`: the end of the call is not the end of the work. */
  background: field(flag, "background", "INTEGER", { flag: true, timeline: true }),
  /** First characters of what matters: command, file, prompt, message (at most 160). */
  text: field(maybe, "text", "TEXT", inTimeline),
  /** Size of the envelope in bytes. */
  bytes: field(whole, "bytes", "INTEGER"),
  /** `transcript` where it was not a hook that heard it. */
  source: field(z.exactOptional(z.literal("transcript")), "source", "TEXT", inTimeline),
} as const;

export type RowField = keyof typeof ROW_FIELDS;
type RowShape = { [K in RowField]: (typeof ROW_FIELDS)[K]["schema"] };

export const EventRow = z.object(
  Object.fromEntries(Object.entries(ROW_FIELDS).map(([name, { schema }]) => [name, schema])) as RowShape,
);
export type EventRow = Readonly<z.infer<typeof EventRow>>;

/** A row's fields in the order of their columns. */
export const ROW_ENTRIES = Object.entries(ROW_FIELDS) as readonly (readonly [RowField, Field<z.core.$ZodType>])[];
