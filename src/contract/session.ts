// What a session is and does, as API, page and terminal know it. Times are milliseconds since 1970.

import * as z from "zod/mini";
import { Signal } from "./signals.ts";

const maybe = z.exactOptional(z.string());

/**
 * working: a turn runs. waiting: only a person can go on. idle: no turn runs. interrupted: the user broke the turn off and
 * has not gone on since. ended: Claude Code said so. lost: its process is gone without a word.
 */
export const SESSION_STATES = ["working", "waiting", "idle", "interrupted", "ended", "lost"] as const;
export const SessionState = z.enum(SESSION_STATES);
export type SessionState = z.infer<typeof SessionState>;

/** The latest first, or the dearest: those without a cost last. */
export const SESSION_ORDERS = ["latest", "cost"] as const;
export type SessionOrder = (typeof SESSION_ORDERS)[number];

/** What a person is asked for. */
export const WaitReason = z.discriminatedUnion("code", [
  z.object({ code: z.literal("permission"), tool: maybe }),
  z.object({ code: z.literal("question") }),
  z.object({ code: z.literal("plan") }),
  z.object({ code: z.literal("elicitation"), server: maybe }),
  /** Known from a notification only, in the host's words. */
  z.object({ code: z.literal("notification"), text: maybe }),
  /** The next prompt: the session has been idle for a while. */
  z.object({ code: z.literal("prompt") }),
]);
export type WaitReason = z.infer<typeof WaitReason>;

/** Why a session is in its state. */
export const StateReason = z.discriminatedUnion("code", [
  z.object({ code: z.literal("waiting"), for: WaitReason }),
  z.object({ code: z.literal("compacting") }),
  /** SessionStart's source. */
  z.object({ code: z.literal("started"), source: maybe }),
  /** Work that goes on, or prompts that come by themselves, after the turn. */
  z.object({ code: z.literal("background"), tasks: z.number(), scheduled: z.number() }),
  z.object({ code: z.literal("turn_failed"), error: maybe }),
  z.object({ code: z.literal("interrupted"), tool: maybe, waitingFor: z.exactOptional(WaitReason) }),
  /** SessionEnd's reason. */
  z.object({ code: z.literal("ended"), reason: maybe }),
  z.object({ code: z.literal("process_gone") }),
]);
export type StateReason = z.infer<typeof StateReason>;

export const Tokens = z.object({
  input: z.number(),
  output: z.number(),
  cacheRead: z.number(),
  /** All cache writes. */
  cacheWrite: z.number(),
  /** Those among them that live for an hour. */
  cacheWriteHour: z.exactOptional(z.number()),
});
export type Tokens = z.infer<typeof Tokens>;

/** An open tool call. */
export const OpenCall = z.object({
  /** tool_use_id */
  call: z.string(),
  tool: z.string(),
  text: maybe,
  since: z.number(),
  /** When a person said yes to it, where that is known before its end. */
  answeredAt: z.exactOptional(z.number()),
  agent: maybe,
});
export type OpenCall = z.infer<typeof OpenCall>;

/** What a person is asked, as far as it was said: redacted as stored, and cut. */
export const Asked = z.object({
  /** The command, file, plan or message. */
  text: maybe,
  /** What the command is for. */
  about: maybe,
  /** Questions with the answers that are offered. */
  questions: z.exactOptional(
    z.array(
      z.object({
        question: z.string(),
        options: z.array(z.object({ label: z.string(), about: maybe })),
        /** More than one may be chosen. */
        several: z.exactOptional(z.literal(true)),
      }),
    ),
  ),
});
export type Asked = z.infer<typeof Asked>;

/** A question that only a person can answer, and that has no answer yet. */
export const OpenWait = z.object({
  /** Counts the questions of a session from 1. */
  id: z.int(),
  for: WaitReason,
  since: z.number(),
  agent: maybe,
  /** tool_use_id of the call that waits; absent where none was found. */
  call: maybe,
  asked: z.exactOptional(Asked),
  /** False until it is plain that no rule and no other hook answers in the person's place. */
  sure: z.boolean(),
  /** Another hook is at work on it: if it ends so, that hook has answered, and nobody was waited for. */
  hooked: z.exactOptional(z.literal(true)),
});
export type OpenWait = z.infer<typeof OpenWait>;

export const OpenSubagent = z.object({
  id: z.string(),
  type: maybe,
  since: z.number(),
  /** The agent that started it; absent: the main agent. */
  parent: maybe,
  /** tool_use_id of the call that started it: a guess until that call has ended. */
  call: maybe,
  background: z.exactOptional(z.literal(true)),
});
export type OpenSubagent = z.infer<typeof OpenSubagent>;

/** No text, or hashes of paths and commands in their places. */
export const Shared = z.enum(["metadata", "hashed"]);
export type Shared = z.infer<typeof Shared>;

/** One element of GET /api/sessions, and of /live's event `sessions`. */
export const SessionSummary = z.object({
  id: z.string(),
  /** The directory that Claude Code calls the project. */
  project: z.string(),
  /** The repository that the project belongs to: worktrees and subfolders of one repository share it. */
  repository: maybe,
  cwd: maybe,
  branch: maybe,
  title: maybe,
  /** The first prompt: the name of a session without a title. */
  firstPrompt: maybe,
  model: maybe,
  /** What its machine is called: names change, and two machines may have one. */
  host: z.string(),
  /** What its machine is. */
  machine: maybe,
  /** Id of the person whose it is, in a store of several. */
  person: maybe,
  pid: z.exactOptional(z.number()),
  /** The namespace that `pid` counts in. */
  pidns: maybe,
  entrypoint: maybe,
  /** What of its text its machine shares with a team, where that is not all of it. */
  shared: z.exactOptional(Shared),
  state: SessionState,
  /** Since when it is in that state. */
  since: z.number(),
  /** Why, as a value. */
  reason: z.exactOptional(StateReason),
  /** Why, in words. */
  detail: maybe,
  firstAt: z.number(),
  lastAt: z.number(),
  /** How it began: startup, resume, clear, compact, fork, import, or joined (its start was not seen). */
  origin: z.string(),
  events: z.number(),
  failures: z.number(),
  turns: z.number(),
  toolCalls: z.number(),
  /** Tool calls that did not run, because a person, a rule or a hook said no, or because they were invalid. */
  denied: z.number(),
  /** seq numbers that never came: losses. */
  gaps: z.number(),
  /** The latest prompt. */
  prompt: maybe,
  /** The first words of the answer to it; absent while it is worked on, and where nothing holds them. */
  answer: maybe,
  running: z.array(OpenCall),
  waits: z.array(OpenWait),
  subagents: z.array(OpenSubagent),
  /** What looks like going in circles, or takes long; absent: nothing. The newest of them, the latest last. */
  signals: z.exactOptional(z.array(Signal)),
  tokens: z.exactOptional(z.object({ ...Tokens.shape, model: maybe })),
  /** US dollars, of all answers that have a price; absent where none has. */
  cost: z.exactOptional(z.number()),
  /** Events in each of the last 30 minutes, oldest first. */
  pulse: z.array(z.number()),
});
export type SessionSummary = z.infer<typeof SessionSummary>;
