// The parameters of the API's GET requests. What does not fit is refused by name, expected and received, and so is a
// parameter that there is none of: a mistyped filter would answer with everything.

import * as z from "zod";
import type { Filter, Range } from "../store/port.ts";

const MAX_PAGE = 1000;
const DEFAULT_PAGE = 100;
const DEFAULT_SESSIONS = 500;
const DAY_MS = 86_400_000;
/** What an error quotes of a value, in characters. */
const QUOTED = 40;
/** What a Date can hold, ms since 1970. */
const LATEST_MS = 8.64e15;

export interface EventsQuery {
  readonly filter: Filter;
  readonly range: Range;
  readonly view: "rows" | "events";
}

export interface SpanQuery {
  /** ms since 1970 */
  readonly since: number;
  readonly until: number;
  readonly project?: string;
}

/** A value, or in words what is wrong with the parameters. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

const text = (max: number) => z.string().max(max, `expected at most ${max} characters`);
const whole = (min: number, max: number) =>
  z
    .string()
    .refine((given) => /^\d+$/.test(given) && Number(given) >= min && Number(given) <= max, {
      error: `expected a whole number from ${min} to ${max}`,
    })
    .transform(Number);
const oneOf = (...values: string[]) => z.enum(values, `expected ${values.join(" or ")}`);
const msOf = (given: string) => (/^\d+$/.test(given) ? Number(given) : Date.parse(given));
const time = z
  .string()
  .refine((given) => msOf(given) <= LATEST_MS, "expected an ISO time or milliseconds since 1970")
  .transform(msOf);
const cursor = whole(0, Number.MAX_SAFE_INTEGER);

const Events = z.strictObject({
  limit: whole(1, MAX_PAGE).optional(),
  after: cursor.optional(),
  before: cursor.optional(),
  session: text(256).optional(),
  event: text(128).optional(),
  tool: text(256).optional(),
  agent: text(256).optional(),
  project: text(8192).optional(),
  q: text(1000).optional(),
  failed: oneOf("1", "0", "true", "false").optional(),
  since: time.optional(),
  until: time.optional(),
  view: oneOf("rows", "events").optional(),
});
const Span = z.strictObject({ since: time.optional(), until: time.optional(), project: text(8192).optional() });
const Sessions = z.strictObject({ limit: whole(1, MAX_PAGE).optional() });
const Nothing = z.strictObject({});

/** GET /api/events */
export function eventsQuery(params: URLSearchParams): Read<EventsQuery> {
  const read = parse(Events, params);
  if (!read.ok) return read;
  const { limit = DEFAULT_PAGE, after, before, view, failed, ...rest } = read.value;
  const filter = { ...rest, ...(failed === undefined ? {} : { failed: failed === "1" || failed === "true" }) };
  return {
    ok: true,
    value: {
      filter: present(filter),
      range: { limit, ...present({ after, before }) },
      view: view === "rows" ? "rows" : "events",
    },
  };
}

/** GET /api/stats: the last day where no time is given. @param now ms since 1970 */
export function spanQuery(params: URLSearchParams, now: number): Read<SpanQuery> {
  const read = parse(Span, params);
  if (!read.ok) return read;
  const { until = now, since = until - DAY_MS, project } = read.value;
  if (since > until) return { ok: false, problem: "since: expected a time that is not after until" };
  return { ok: true, value: { since, until, ...present({ project }) } };
}

/** GET /api/sessions: how many, the latest first. */
export function sessionsQuery(params: URLSearchParams): Read<number> {
  const read = parse(Sessions, params);
  return read.ok ? { ok: true, value: read.value.limit ?? DEFAULT_SESSIONS } : read;
}

/** A path that takes no parameters. */
export function noQuery(params: URLSearchParams): Read<unknown> {
  return parse(Nothing, params);
}

/** Parses the parameters by a schema; empty ones count as absent. */
function parse<T extends z.ZodObject>(schema: T, params: URLSearchParams): Read<z.infer<T>> {
  const given = Object.fromEntries([...params].filter(([, value]) => value !== ""));
  const result = schema.safeParse(given);
  if (result.success) return { ok: true, value: result.data };
  const [issue] = result.error.issues;
  if (issue?.code === "unrecognized_keys") {
    const known = Object.keys(schema.shape);
    const expected = known.length > 0 ? `expected ${known.join(", ")}` : "expected none";
    return { ok: false, problem: `${quoted(issue.keys[0] ?? "")}: there is no such parameter; ${expected}` };
  }
  const name = String(issue?.path[0]);
  return { ok: false, problem: `${name}: ${issue?.message}, received ${quoted(given[name] ?? "")}` };
}

const quoted = (given: string) => JSON.stringify(given.length > QUOTED ? `${given.slice(0, QUOTED)}…` : given);

/** Without what is undefined. */
function present<T extends Record<string, unknown>>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
