// Marks: what a search may be limited to, in the index of words beside the words of a block. The index then finds blocks with
// an event that has the words and is, for all it knows, within the limits.
// - A mark is no word: it begins with what no word has. It is short, a hash: which events fit, their rows say.

import type { Extracted } from "../extract.ts";
import type { Filter } from "../port.ts";
import type { Scope } from "./scope.ts";
import { storable } from "./values.ts";

/** What no word begins with. */
const MARK = "=";
type Kind = "project" | "user" | "event" | "tool" | "agent";
const LETTERS: Readonly<Record<Kind, string>> = { project: "p", user: "u", event: "e", tool: "t", agent: "a" };
/** Of the day, UTC, on which it happened. */
const DAY = `${MARK}d`;
const DAY_MS = 86_400_000;
const RADIX = 36;
const FAILED = `${MARK}f`;
/** A session's project may be known only after its first events. */
const UNKNOWN = "";

/** The marks of an event. `project`: its session's, as far as it is known. */
export function marksOf({ row }: Extracted, owner: string, project: string): readonly string[] {
  return [
    markOf("user", owner),
    markOf("project", project),
    markOf("event", row.event.toLowerCase()),
    dayOf(row.t),
    ...(row.tool === undefined ? [] : [markOf("tool", row.tool.toLowerCase())]),
    ...(row.agent === undefined ? [] : [markOf("agent", row.agent)]),
    ...(row.agentType === undefined ? [] : [markOf("agent", row.agentType.toLowerCase())]),
    ...(row.failed ? [FAILED] : []),
  ];
}

/** One of each list. */
export type Marks = readonly (readonly string[])[];

/** Of more than so many marks one is no help. */
const MOST = 64;

/**
 * What the events that are searched for are marked with. `projects`: paths, where some are asked for; `newest`: when the last
 * event happened, ms since 1970.
 */
export function wantedMarks(
  { users }: Scope,
  { event, tool, agent, failed, since, until = Number.POSITIVE_INFINITY }: Filter,
  projects: readonly string[] | undefined,
  newest: number,
): Marks {
  const names = (kind: Kind, given: string | undefined) =>
    given === undefined ? [] : [given.split(",").map((name) => markOf(kind, name.trim().toLowerCase()))];
  return [
    ...(users ? [users.map((user) => markOf("user", user))] : []),
    ...(projects ? [[...projects, UNKNOWN].map((path) => markOf("project", path))] : []),
    ...names("event", event),
    ...names("tool", tool),
    ...(agent === undefined ? [] : [[agent, agent.toLowerCase()].map((name) => markOf("agent", name))]),
    ...(failed === true ? [[FAILED]] : []),
    ...(since === undefined ? [] : [daysBetween(since, Math.min(until, newest))]),
  ].filter((marks) => marks.length > 0 && marks.length <= MOST);
}

const dayOf = (t: number): string => DAY + Math.floor(t / DAY_MS).toString(RADIX);

function daysBetween(since: number, until: number): string[] {
  const days = Math.floor(until / DAY_MS) - Math.floor(since / DAY_MS) + 1;
  return Array.from({ length: Math.min(MOST + 1, Math.max(days, 0)) }, (_, day) => dayOf(since + day * DAY_MS));
}

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over the characters: it has to be the same for ever, and quick. */
function markOf(kind: Kind, name: string): string {
  const given = storable(name);
  let hash = FNV_BASIS;
  for (let at = 0; at < given.length; at++) hash = Math.imul(hash ^ given.charCodeAt(at), FNV_PRIME);
  return MARK + LETTERS[kind] + (hash >>> 0).toString(RADIX);
}
