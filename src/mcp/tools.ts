// The tools that a model is given: what each asks of the monitor, and what of the answer it is shown.
// - They read and change nothing; what they show is redacted as it is stored.
// - Every answer is bounded (bound.ts); `next`, given back as `cursor`, goes on where it ended.

import * as z from "zod";
import type { ChangedFile } from "../contract/changes.ts";
import { cursorAt, type Message } from "../contract/conversation.ts";
import { IN_PLAIN_WORDS } from "../contract/expectation.ts";
import type { Reason } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import type { FoundRow } from "../contract/routes.ts";
import { SESSION_STATES, type SessionSummary } from "../contract/session.ts";
import type { Statistics } from "../contract/statistics.ts";
import { isTime, TIME_EXPECTED } from "../contract/time.ts";
import type { Turn } from "../contract/turn.ts";
import { cut, fitting, squeezed } from "./bound.ts";
import type { Asker } from "./ready.ts";

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  /** JSON Schema of what it is given. */
  readonly schema: object;
  /** Reads what it is given, and answers it. */
  call(ask: Asker, given: unknown): Promise<Result<object, Reason>>;
}

interface Definition<S extends z.ZodRawShape> extends Omit<Tool, "schema" | "call"> {
  readonly input: S;
  run(ask: Asker, given: z.infer<z.ZodObject<S, z.core.$strict>>): Promise<Result<object, Reason>>;
}

const MAX_ROWS = 200;
const DEFAULT_ROWS = 30;
/** A search that takes longer is answered as far as it came: the monitor is not waited for much longer. */
const WITHIN_MS = 2000;
const MAX_SESSIONS = 50;
const DEFAULT_SESSIONS = 20;
/** Of a prompt in a list of sessions. */
const NAME_CHARS = 200;
const MAX_LINES = 200;
const MAX_MESSAGES = 50;
const DEFAULT_MESSAGES = 12;
/** Of the texts of all messages of an answer. */
const MESSAGES_CHARS = 25_000;
/** Before everything that was said. */
const START = cursorAt({ t: 0, n: 0 });

function tool<S extends z.ZodRawShape>({ name, title, about, input, run }: Definition<S>): Tool {
  const given = z.strictObject(input);
  return {
    name,
    title,
    about,
    schema: z.toJSONSchema(given, { io: "input" }),
    async call(ask, unread) {
      const read = given.safeParse(unread, IN_PLAIN_WORDS);
      if (read.success) return run(ask, read.data);
      const [issue] = read.error.issues;
      return failed({
        code: "bad_query",
        parameter: issue?.path.join(".") || name,
        expected: issue?.message ?? "other arguments",
      });
    },
  };
}

const time = (about: string) =>
  z.string().refine(isTime, { error: TIME_EXPECTED }).optional().describe(`${about}: ${TIME_EXPECTED}`);
const session = z.string().min(1).max(256).describe("the session's id, or as much of its beginning as is unique");
const project = z.string().min(1).max(8192).optional().describe("of this project, by its directory or name");
const limit = (max: number, usual: number) =>
  z.int().min(1).max(max).optional().describe(`how many at most (default ${usual})`);
const cursor = z.string().max(1024).optional().describe("`next` of an earlier answer: goes on from there");
const words = z.string().min(1).max(1000).optional();

export const TOOLS: readonly Tool[] = [
  tool({
    name: "search_events",
    title: "Search events",
    about:
      "Searches what Claude Code sessions on this machine did: prompts, tool calls, results, failures, permissions, notifications. Newest first. Words are looked for in whole payloads; a snippet shows what was found. `searchedBackTo`, where it is there, says how far back a search came in its time: `next` goes on, also where nothing was found yet.",
    input: {
      q: words.describe("words to be found anywhere in the event"),
      session: session.optional(),
      event: z
        .string()
        .max(128)
        .optional()
        .describe("a hook event, such as UserPromptSubmit, PreToolUse, PostToolUse, Stop"),
      tool: z.string().max(256).optional().describe("a tool, such as Bash, Edit, mcp__server__name"),
      failed: z.boolean().optional().describe("only failures"),
      project,
      since: time("from then on"),
      until: time("until then"),
      limit: limit(MAX_ROWS, DEFAULT_ROWS),
      cursor,
    },
    async run(ask, { cursor: before, limit: most = DEFAULT_ROWS, ...filter }) {
      const query = {
        ...filter,
        before,
        limit: most,
        view: "rows",
        withinMs: filter.q === undefined ? undefined : WITHIN_MS,
      };
      const answer = await ask("rows", { query });
      if (!answer.ok) return answer;
      const rows = answer.value.events;
      const shown = fitting(rows.map(rowOf));
      const last = rows[shown.length - 1];
      if (shown.length < rows.length && last) return done({ events: shown, next: String(last.n) });
      const { next, reached } = answer.value;
      const { t } = reached ?? {};
      return done({
        events: shown,
        next: next.before === null ? null : String(next.before),
        ...(t === undefined ? {} : { searchedBackTo: new Date(t).toISOString() }),
      });
    },
  }),
  tool({
    name: "read_event",
    title: "Read an event",
    about: "Reads one event whole, by its id: the payload that Claude Code gave, redacted. Long texts are cut.",
    input: { id: z.string().min(1).max(256) },
    async run(ask, { id }) {
      const answer = await ask("event", { parts: { id } });
      return answer.ok ? done({ event: squeezed(answer.value) }) : answer;
    },
  }),
  tool({
    name: "list_sessions",
    title: "List sessions",
    about:
      "Lists Claude Code sessions, the latest first: what each was about, where, its state (who waits for a person, who works), its turns, failures and cost in US dollars.",
    input: {
      project,
      state: z.enum(SESSION_STATES).optional(),
      since: time("that had events from then on"),
      until: time("that had events until then"),
      q: words.describe("words in title, prompt or project"),
      limit: limit(MAX_SESSIONS, DEFAULT_SESSIONS),
      cursor,
    },
    async run(ask, { cursor: before, limit: most = DEFAULT_SESSIONS, ...filter }) {
      const answer = await ask("sessions", { query: { ...filter, before, limit: most } });
      if (!answer.ok) return answer;
      const { sessions, next = null, total } = answer.value;
      return done({ sessions: sessions.map(inList), next, total });
    },
  }),
  tool({
    name: "read_session",
    title: "Read a session",
    about: "Reads one session: what it is about, its state, what runs and waits in it, its counts, tokens and cost.",
    input: { session },
    async run(ask, { session: id }) {
      const answer = await ask("session", { parts: { id } });
      if (!answer.ok) return answer;
      const { pulse: _, ...shown } = answer.value;
      return done({ session: squeezed(withTimes(shown)) });
    },
  }),
  tool({
    name: "session_turns",
    title: "Turns of a session",
    about:
      "Reads the turns of a session in order: each with its prompt, Claude's last words, how its time split, calls, failures and cost.",
    input: { session, limit: limit(MAX_ROWS, DEFAULT_ROWS), cursor },
    async run(ask, { session: id, limit: most = DEFAULT_ROWS, cursor: after = "0" }) {
      const answer = await ask("turns", { parts: { id } });
      if (!answer.ok) return answer;
      const left = answer.value.turns.filter(({ number }) => number > Number(after));
      const shown = fitting(left.slice(0, most).map(turnOf));
      return done({ turns: shown, next: shown.length < left.length ? String(shown.at(-1)?.number) : null });
    },
  }),
  tool({
    name: "session_conversation",
    title: "Conversation of a session",
    about:
      "Reads what was said in a session: prompts and Claude's answers, oldest first, the last ones unless asked otherwise. The more are asked for, the shorter each is; read_event has one whole.",
    input: {
      session,
      from: z.enum(["end", "start"]).optional().describe("where to begin without a cursor (default end)"),
      thinking: z.boolean().optional().describe("with what the model thought"),
      limit: limit(MAX_MESSAGES, DEFAULT_MESSAGES),
      cursor: z.string().max(128).optional().describe("`older` or `newer` of an earlier answer"),
    },
    async run(ask, { session: id, from, thinking = false, limit: most = DEFAULT_MESSAGES, cursor: at }) {
      const [side, place] = at === undefined ? ["after", from === "start" ? START : undefined] : at.split(":", 2);
      const query = { limit: most, [side === "before" ? "before" : "after"]: place };
      const answer = await ask("messages", { parts: { id }, query });
      if (!answer.ok) return answer;
      const { messages, next, total } = answer.value;
      return done({
        messages: messages.map((message) => messageOf(message, thinking, Math.floor(MESSAGES_CHARS / most))),
        older: next.before === null ? null : `before:${next.before}`,
        newer: next.after === null || messages.length === 0 ? null : `after:${next.after}`,
        total,
      });
    },
  }),
  tool({
    name: "session_files",
    title: "Files of a session",
    about:
      "Lists the files that a session changed, with edits and lines; with a path, what became of that file, as a diff.",
    input: {
      session,
      path: z.string().min(1).max(8192).optional().describe("that file alone, with its diff"),
      limit: limit(MAX_ROWS, DEFAULT_ROWS),
      cursor,
    },
    async run(ask, { session: id, path, limit: most = DEFAULT_ROWS, cursor: start = "0" }) {
      const answer = await ask("files", { parts: { id }, query: path === undefined ? {} : { path, diff: true } });
      if (!answer.ok) return answer;
      const { files, diff } = answer.value;
      if (path !== undefined) return done(Object(squeezed({ files: files.map(fileOf), diff })));
      const from = Number(start) || 0;
      const shown = fitting(files.slice(from, from + most).map(fileOf));
      const end = from + shown.length;
      return done({ files: shown, next: end < files.length ? String(end) : null, total: files.length });
    },
  }),
  tool({
    name: "changed_files",
    title: "Files that were changed",
    about: "Lists files that were changed lately, in all sessions, the one that was changed last first.",
    input: {
      project,
      since: time("changed from then on"),
      until: time("changed until then"),
      limit: limit(MAX_ROWS, DEFAULT_ROWS),
    },
    async run(ask, { limit: most = DEFAULT_ROWS, ...filter }) {
      const answer = await ask("changes", { query: { ...filter, limit: most } });
      return answer.ok ? done({ files: fitting(answer.value.files.map(fileOf)) }) : answer;
    },
  }),
  tool({
    name: "cost",
    title: "Cost",
    about:
      "Says what sessions cost in US dollars by the prices of the API, in a span of time: by day, project, model or session.",
    input: {
      by: z.enum(["day", "project", "model", "session"]).optional().describe("what each line is of (default day)"),
      since: time("from then on (default 7d)"),
      until: time("until then"),
      project,
    },
    async run(ask, { by = "day", since = "7d", until, project: of }) {
      const answer = await ask("stats", { query: { since, until, project: of } });
      if (!answer.ok) return answer;
      const { cost, since: from, until: to } = answer.value;
      const lines = linesOf(answer.value, by).slice(0, MAX_LINES);
      return done({
        since: isoOf(from),
        until: isoOf(to),
        total: cost?.total ?? 0,
        by,
        lines,
        withoutPrice: cost?.unpriced ?? [],
        pricesOf: cost?.pricesOf,
      });
    },
  }),
];

const isoOf = (at: number): string => new Date(at).toISOString();

/** What stands around what was found, in an answer of the API and in one of ours. */
const FOUND = /\u0002|\u0003/g;

function rowOf({ n, t, id, session: of, event, snippet, bytes: _, seq: __, source, ...row }: FoundRow) {
  const found = snippet === undefined ? {} : { snippet: snippet.replace(FOUND, "**") };
  return { n, at: isoOf(t), id, session: of, event, ...row, ...(source ? { source } : {}), ...found };
}

function inList(given: SessionSummary) {
  const { id, project: at, branch, title, firstPrompt, prompt, state, detail, firstAt, lastAt } = given;
  const { turns, toolCalls, failures, cost, model, signals } = given;
  const about = title ?? firstPrompt ?? prompt;
  return {
    id,
    about: about === undefined ? undefined : cut(about, NAME_CHARS),
    lastPrompt: prompt === undefined || prompt === about ? undefined : cut(prompt, NAME_CHARS),
    project: cut(at, NAME_CHARS),
    branch: branch === undefined ? undefined : cut(branch, NAME_CHARS),
    model,
    state,
    detail: detail === undefined ? undefined : cut(detail, NAME_CHARS),
    firstAt: isoOf(firstAt),
    lastAt: isoOf(lastAt),
    turns,
    toolCalls,
    failures,
    cost,
    signals: signals?.map(({ code, count, turn, evidence }) => ({ code, count, turn, events: evidence })),
  };
}

function withTimes({ firstAt, lastAt, since, ...rest }: Omit<SessionSummary, "pulse">) {
  return { ...rest, since: isoOf(since), firstAt: isoOf(firstAt), lastAt: isoOf(lastAt) };
}

function turnOf({ prompt, answer, startedAt, endedAt, ...turn }: Turn) {
  return {
    ...turn,
    startedAt: isoOf(startedAt),
    ...(endedAt === undefined ? {} : { endedAt: isoOf(endedAt) }),
    prompt: cut(prompt),
    ...(answer === undefined ? {} : { answer: cut(answer) }),
  };
}

function messageOf(
  { id, role, text, at, thinking, agent, agentType, model, turn, final }: Message,
  withThoughts: boolean,
  chars: number,
) {
  return {
    id,
    role,
    at: isoOf(at),
    turn,
    ...(agent === undefined ? {} : { agent: agentType ?? agent }),
    ...(model === undefined ? {} : { model }),
    ...(final ? { final } : {}),
    text: cut(text, chars),
    ...(withThoughts && thinking !== undefined ? { thinking: cut(thinking, chars) } : {}),
  };
}

function fileOf({
  path,
  edits,
  added,
  removed,
  created,
  firstAt,
  lastAt,
  turns,
  session: of,
  project: at,
}: ChangedFile) {
  return {
    path: cut(path, NAME_CHARS * 2),
    edits,
    added,
    removed,
    ...(created ? { created } : {}),
    firstAt: isoOf(firstAt),
    lastAt: isoOf(lastAt),
    turns: turns.slice(0, MAX_LINES),
    ...(of === undefined ? {} : { session: of }),
    ...(at === undefined ? {} : { project: at }),
  };
}

interface Line {
  readonly name: string;
  readonly cost: number;
}

function linesOf({ cost, tokens }: Statistics, by: "day" | "project" | "model" | "session"): readonly Line[] {
  switch (by) {
    case "day":
      return cost?.byDay.map(({ day, cost: each }) => ({ name: day, cost: each })) ?? [];
    case "project":
      return cost?.byProject.map(({ project: name, cost: each }) => ({ name, cost: each })) ?? [];
    case "model":
      return cost?.byModel.map(({ model, cost: each }) => ({ name: model, cost: each })) ?? [];
    case "session": {
      const sums = new Map<string, number>();
      for (const { session: id, cost: each = 0 } of tokens) sums.set(id, (sums.get(id) ?? 0) + each);
      return [...sums].map(([name, each]) => ({ name, cost: each })).sort((a, b) => b.cost - a.cost);
    }
  }
}
