// The monitor's HTTP API: each route with its method, path, parameters and answer. Monitor, page, terminal and tests read
// and write through these; docs/api.md is checked against them.
// - Parameters are refused by name, expected and received; so is one that there is none of: a mistyped filter would
//   answer with everything. An empty one counts as absent.
// - A newer monitor may say more in its answers: what is not known here is passed over.

import * as z from "zod/mini";
import { AlertsAnswer, TestAnswer } from "./alerts.ts";
import { FilesAnswer } from "./changes.ts";
import { MessagesPage } from "./conversation.ts";
import { StoredEnvelope } from "./envelope.ts";
import { Forgotten } from "./forget.ts";
import { SeenHealth } from "./health.ts";
import { ImportStatus } from "./import.ts";
import { ProjectSummary } from "./project.ts";
import { EventRow } from "./row.ts";
import { SESSION_ORDERS, SESSION_STATES, SessionSummary } from "./session.ts";
import { Statistics } from "./statistics.ts";
import {
  ActivityAnswer,
  AuditAnswer,
  Cancelled,
  DevicesAnswer,
  Email,
  Invitation,
  InvitationsAnswer,
  Joined,
  Revoked,
  ROLES,
  SignInLink,
  TeamAnswer,
} from "./team.ts";
import { readTime, TIME_EXPECTED } from "./time.ts";
import { TimelinePortion } from "./timeline.ts";
import { Turn } from "./turn.ts";

/** Most elements of a page, and how many there are by default. */
export const MAX_PAGE = 1000;
export const DEFAULT_PAGE = 100;
export const DEFAULT_SESSIONS = 500;

/** The longest that a search may be told to take, ms. */
const MAX_SEARCH_MS = 60_000;

const text = (max: number) => z.optional(z.string().check(z.maxLength(max, `at most ${max} characters`)));
const whole = (min: number, max: number) =>
  z.pipe(
    z.string().check(
      z.refine((given) => /^\d+$/.test(given) && Number(given) >= min && Number(given) <= max, {
        error: `a whole number from ${min} to ${max}`,
      }),
    ),
    z.transform(Number),
  );
const oneOf = <const V extends readonly [string, ...string[]]>(values: V) => z.enum(values, values.join(" or "));
/** A time, ms since 1970; a relative one is no time before `timesFrom` has read it. */
const time = z.optional(
  z.pipe(
    z.string(),
    z.transform((given, { issues }) => {
      const at = readTime(given, Number.NaN);
      if (at !== undefined) return at;
      issues.push({ code: "custom", message: TIME_EXPECTED, input: given });
      return z.NEVER;
    }),
  ),
);
/** A place in a conversation. */
const standing = z.optional(
  z.string().check(z.regex(/^\d{1,16}(\.\d{1,16})?-\d{1,16}$/, "a cursor of an earlier answer")),
);
const cursor = whole(0, Number.MAX_SAFE_INTEGER);
const flag = z.pipe(
  oneOf(["1", "0", "true", "false"]),
  z.transform((given) => given === "1" || given === "true"),
);

const amount = z.pipe(
  z.string().check(z.refine((given) => /^\d+(\.\d+)?$/.test(given), { error: "a number" })),
  z.transform(Number),
);
const commas = z.pipe(
  z.string().check(z.maxLength(16_384, "at most 16384 characters")),
  z.transform((given) => given.split(",")),
);
const states = z.pipe(commas, z.array(z.enum(SESSION_STATES, SESSION_STATES.join(" or "))));

/** The filters of events, the same at API and CLI. */
const FILTERS = {
  session: text(256),
  event: text(128),
  tool: text(256),
  agent: text(256),
  project: text(8192),
  /** Words to be found anywhere in the payload. */
  q: text(1000),
  failed: z.optional(flag),
  since: time,
  until: time,
};
export const EventFilter = z.strictObject(FILTERS);
export type EventFilter = z.infer<typeof EventFilter>;

const limit = z.optional(whole(1, MAX_PAGE));
const EventsQuery = z.strictObject({
  ...FILTERS,
  limit,
  /** Events after a cursor, oldest first. */
  after: z.optional(cursor),
  /** Events before a cursor, newest first. */
  before: z.optional(cursor),
  view: z.optional(oneOf(["rows", "events"])),
  /** With `q`: what is found in about so long, ms. */
  withinMs: z.optional(whole(0, MAX_SEARCH_MS)),
});
const SpanQuery = z.strictObject({ since: time, until: time, project: text(8192) });
const SessionsQuery = z.strictObject({
  limit,
  /** `next` of an earlier answer. */
  before: text(1024),
  /** Ids, separated by commas. */
  id: z.optional(commas),
  project: text(8192),
  /** One or several, separated by commas. */
  state: z.optional(states),
  host: text(256),
  /** Id of a person of the team. */
  person: text(64),
  since: time,
  until: time,
  minCost: z.optional(amount),
  minMs: z.optional(amount),
  /** Those of which events are missing, or those of which none is. */
  gaps: z.optional(flag),
  /** Those that have signals, or those that have none. */
  signals: z.optional(flag),
  q: text(1000),
  order: z.optional(oneOf(SESSION_ORDERS)),
});
const Nothing = z.strictObject({});

/** Cursors of the pages before and after. */
const Next = z.looseObject({ before: z.nullable(z.int()), after: z.nullable(z.int()) });
/** What of an event a search found, the match between U+0002 and U+0003. */
const snippet = z.exactOptional(z.string());
export const FoundEnvelope = z.extend(StoredEnvelope, { snippet });
export type FoundEnvelope = z.infer<typeof FoundEnvelope>;
/** Up to where a search came in its time, and about when that was. */
const reached = z.optional(z.looseObject({ n: z.int(), t: z.optional(z.number()) }));
/** How many events were not searched for `q`, as the index of words cannot be written. */
const unindexed = z.optional(z.number());
/** A page of events, or of rows where `view=rows` was asked for; `snippet` stands in both where `q` was given. */
export const EventsPage = z.looseObject({ events: z.array(FoundEnvelope), next: Next, reached, unindexed });
export const FoundRow = z.extend(EventRow, { snippet });
export type FoundRow = Readonly<z.infer<typeof FoundRow>>;
export const RowsPage = z.looseObject({ events: z.array(FoundRow), next: Next, reached, unindexed });
export const SessionsPage = z.looseObject({
  sessions: z.array(SessionSummary),
  /** Opaque; null on the last page. */
  next: z.optional(z.nullable(z.string())),
  total: z.optional(z.number()),
});
/** Of a session with more turns than were asked for the latest of them are there, from `since` on. */
const TurnsAnswer = z.looseObject({ turns: z.array(Turn), since: z.exactOptional(z.number()) });
/** What became of one event that was posted. */
export const AckAnswer = z.looseObject({
  ok: z.boolean(),
  status: z.optional(z.string()),
  permanent: z.optional(z.boolean()),
  reason: z.optional(z.string()),
});
/** Body of every HTTP error: a code for programs, a sentence for people. */
export const HttpError = z.looseObject({ error: z.looseObject({ code: z.string(), message: z.string() }) });
export type HttpError = z.infer<typeof HttpError>;

/** One route. `lines`: the answer is lines of JSON, each of that schema. */
export interface Route<Q extends z.ZodMiniObject = z.ZodMiniObject, A extends z.core.$ZodType = z.core.$ZodType> {
  readonly method: "GET" | "POST";
  /** A part that begins with a colon stands for anything. */
  readonly path: string;
  readonly query: Q;
  readonly answer: A;
  readonly lines?: true;
  /**
   * Who may ask it of a team's monitor. Absent: a person who has signed in, about what they may see. `machine`: also a
   * device. `operator`: who holds the monitor's own token.
   */
  readonly team?: "stranger" | "machine" | "admin" | "operator";
  readonly about: string;
}

const route = <Q extends z.ZodMiniObject, A extends z.core.$ZodType>(definition: Route<Q, A>): Route<Q, A> =>
  definition;

export const ROUTES = {
  health: route({ method: "GET", path: "/health", query: Nothing, answer: SeenHealth, about: "how the monitor is" }),
  events: route({ method: "GET", path: "/api/events", query: EventsQuery, answer: EventsPage, about: "stored events" }),
  /** The same path with `view=rows`. */
  rows: route({
    method: "GET",
    path: "/api/events",
    query: EventsQuery,
    answer: RowsPage,
    about: "rows of stored events",
  }),
  event: route({ method: "GET", path: "/api/events/:id", query: Nothing, answer: StoredEnvelope, about: "one event" }),
  append: route({
    method: "POST",
    team: "machine",
    path: "/api/events",
    query: Nothing,
    answer: z.union([AckAnswer, z.looseObject({ results: z.array(AckAnswer) })]),
    about: "stores an envelope, a raw hook payload, or a list of them; one raw payload is answered by 204",
  }),
  forget: route({
    method: "POST",
    team: "admin",
    path: "/api/forget",
    query: z.strictObject({
      session: text(256),
      project: text(8192),
      before: time,
      dryRun: z.optional(flag),
    }),
    answer: Forgotten,
    about: "removes a session, a project, or all that is older, for good",
  }),
  sessions: route({
    method: "GET",
    path: "/api/sessions",
    query: SessionsQuery,
    answer: SessionsPage,
    about: "sessions, the latest first",
  }),
  session: route({
    method: "GET",
    path: "/api/sessions/:id",
    query: Nothing,
    answer: SessionSummary,
    about: "one session",
  }),
  timeline: route({
    method: "GET",
    path: "/api/sessions/:id/timeline",
    query: Nothing,
    answer: TimelinePortion,
    lines: true,
    about: "all rows of a session",
  }),
  turns: route({
    method: "GET",
    path: "/api/sessions/:id/turns",
    query: z.strictObject({ limit, before: z.optional(cursor) }),
    answer: TurnsAnswer,
    about: "the turns of a session, the open one last",
  }),
  messages: route({
    method: "GET",
    path: "/api/sessions/:id/messages",
    query: z.strictObject({ limit, before: standing, after: standing }),
    answer: MessagesPage,
    about: "the conversation of a session: prompts and answers",
  }),
  files: route({
    method: "GET",
    path: "/api/sessions/:id/files",
    query: z.strictObject({ path: text(8192), diff: z.optional(flag) }),
    answer: FilesAnswer,
    about: "the files that a session has changed",
  }),
  changes: route({
    method: "GET",
    path: "/api/files",
    query: z.strictObject({ limit, since: time, until: time, project: text(8192) }),
    answer: FilesAnswer,
    about: "files that were changed lately, in all sessions",
  }),
  projects: route({
    method: "GET",
    path: "/api/projects",
    query: Nothing,
    answer: z.looseObject({ projects: z.array(ProjectSummary) }),
    about: "projects, the latest first",
  }),
  stats: route({ method: "GET", path: "/api/stats", query: SpanQuery, answer: Statistics, about: "a span of time" }),
  alerts: route({
    method: "GET",
    team: "admin",
    path: "/api/alerts",
    query: z.strictObject({ limit }),
    answer: AlertsAnswer,
    about: "rules, channels and what was told lately",
  }),
  testAlerts: route({
    method: "POST",
    team: "admin",
    path: "/api/alerts/test",
    query: z.strictObject({ channel: text(40) }),
    answer: TestAnswer,
    about: "sends a test alert through a channel, or through all",
  }),
  import: route({
    method: "GET",
    team: "operator",
    path: "/api/import",
    query: Nothing,
    answer: ImportStatus,
    about: "how far the import of transcripts is, and what could be imported",
  }),
  startImport: route({
    method: "POST",
    team: "operator",
    path: "/api/import",
    query: Nothing,
    answer: ImportStatus,
    about: "starts an import of transcripts",
  }),
  loginCode: route({
    method: "POST",
    team: "operator",
    path: "/api/login-code",
    query: Nothing,
    answer: z.looseObject({ code: z.string() }),
    about: "a code for a link that lets a browser in once",
  }),
  team: route({
    method: "GET",
    team: "machine",
    path: "/api/team",
    query: Nothing,
    answer: TeamAnswer,
    about: "the team, who asks, and the people whose sessions they may see",
  }),
  join: route({
    method: "POST",
    team: "stranger",
    path: "/api/team/join",
    query: Nothing,
    answer: Joined,
    about: "lets a machine in by a code that works once; its token is told this once",
  }),
  invite: route({
    method: "POST",
    team: "machine",
    path: "/api/team/invite",
    query: z.strictObject({
      role: z.optional(oneOf(ROLES)),
      /** How long the code is good, ms. */
      goodForMs: z.optional(cursor),
      /** Id or name of somebody who is there, or was; else the name of somebody new. */
      person: text(100),
      /** Who signs in by a provider that vouches for it; absent: a machine joins by a code. */
      email: z.optional(Email),
    }),
    answer: Invitation,
    about:
      "a code that lets one machine join, or an address with which somebody may sign in; members get a code for a machine of their own",
  }),
  invitations: route({
    method: "GET",
    team: "machine",
    path: "/api/team/invitations",
    query: Nothing,
    answer: InvitationsAnswer,
    about: "invitations and links that have not been used: one's own, for an admin everybody's",
  }),
  cancel: route({
    method: "POST",
    team: "machine",
    path: "/api/team/cancel",
    query: z.strictObject({ id: text(100) }),
    answer: Cancelled,
    about: "takes an invitation or a link out of use",
  }),
  devices: route({
    method: "GET",
    team: "machine",
    path: "/api/team/devices",
    query: Nothing,
    answer: DevicesAnswer,
    about: "machines, and how they are: one's own, for an admin everybody's",
  }),
  revoke: route({
    method: "POST",
    team: "machine",
    path: "/api/team/revoke",
    query: z.strictObject({ device: text(64), person: text(64) }),
    answer: Revoked,
    about: "lets a device in no more, or a person; members may do so with their own devices",
  }),
  signIn: route({
    method: "POST",
    team: "machine",
    path: "/api/team/sign-in",
    query: Nothing,
    answer: SignInLink,
    about: "a link that signs a browser of the same person in once",
  }),
  audit: route({
    method: "GET",
    team: "machine",
    path: "/api/team/audit",
    query: z.strictObject({ limit, before: z.optional(cursor) }),
    answer: AuditAnswer,
    about: "who read whose sessions, and who let whom in, the latest first",
  }),
  activity: route({
    method: "GET",
    path: "/api/team/activity",
    query: z.strictObject({ since: time, until: time }),
    answer: ActivityAnswer,
    about: "what each person did in a span of time, and what it cost",
  }),
} as const;
export type RouteName = keyof typeof ROUTES;
/** The parameters of a request, their relative times counted from `now`, ms since 1970. */
export function timesFrom(
  now: number,
  name: RouteName,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const schemas: ReadonlyMap<string, unknown> = new Map(Object.entries(ROUTES[name].query.shape));
  const read = ([key, value]: [string, string]) =>
    [key, schemas.get(key) === time ? String(readTime(value, now) ?? value) : value] as const;
  return Object.fromEntries(Object.entries(given).map(read));
}

export type QueryOf<N extends RouteName> = z.infer<(typeof ROUTES)[N]["query"]>;
export type AnswerOf<N extends RouteName> = z.infer<(typeof ROUTES)[N]["answer"]>;

/** The path of a route with its parts filled in. */
export function pathOf(name: RouteName, parts: Readonly<Record<string, string>> = {}): string {
  return ROUTES[name].path.replace(/:(\w+)/g, (_, part: string) => encodeURIComponent(parts[part] ?? ""));
}
