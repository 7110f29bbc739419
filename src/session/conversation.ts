// A session's conversation, from its rows: which events hold a message, in which order, and to which turn each belongs.
// - A prompt is told by a hook or by a transcript, an answer by a transcript; where none was read, by the hook that ends the
//   turn, which has its last words. What both tell is said once.
// - What the model thought before it spoke stands in lines of its own: it goes with the words that follow.
// - Rows decide; the text itself stands in the event.

import type { Message } from "../contract/conversation.ts";
import type { Envelope } from "../contract/envelope.ts";
import type { EventRow } from "../contract/row.ts";
import { withheldOf } from "../contract/team.ts";
import type { Turn } from "../contract/turn.ts";
import { firstWhere, lastBegun } from "./search.ts";

/** Events that may hold a message. */
export const MESSAGE_EVENTS = ["UserPromptSubmit", "AssistantMessage", "Stop", "StopFailure", "SubagentStop"] as const;

/** Tells the number of the last turn that had begun at a time; 0 before the first. */
export function turnAtOf(turns: readonly Pick<Turn, "number" | "startedAt">[]): (t: number) => number {
  const begun = lastBegun(turns);
  return (t) => begun(t)?.number ?? 0;
}

/** Where a message stands, before its text is read. */
export interface Place {
  /** Of the event. */
  readonly id: string;
  readonly n: number;
  readonly t: number;
  readonly role: Message["role"];
  readonly turn: number;
  readonly final?: true;
  /** Events that hold what was thought before it. */
  readonly thoughts: readonly string[];
}

/** What of a row decides. */
export type PlacedRow = Pick<EventRow, "id" | "n" | "t" | "event" | "agent" | "text" | "source">;

/** The messages of a session, in order of time, from all rows of MESSAGE_EVENTS; `turnAt` numbers the turn of a time. */
export function placesOf(rows: readonly PlacedRow[], turnAt: (t: number) => number): Place[] {
  const ordered = rows.toSorted((a, b) => a.t - b.t || a.n - b.n);
  const isAgain = repeatsIn(ordered);
  const places: Place[] = [];
  const thought = new Map<string, string[]>();
  for (const row of ordered) {
    const { id, n, t, event, agent = "" } = row;
    const role = event === "UserPromptSubmit" ? "user" : "assistant";
    if (role === "assistant" && !row.text) {
      if (isEnd(event)) continue;
      const before = thought.get(agent);
      if (before) before.push(id);
      else thought.set(agent, [id]);
      continue;
    }
    if (isAgain(row)) continue;
    places.push({ id, n, t, role, turn: turnAt(t), thoughts: role === "user" ? [] : (thought.get(agent) ?? []) });
    thought.delete(agent);
  }
  return withFinals(places, new Map(ordered.map((row) => [row.id, row])));
}

const isEnd = (event: string) => event !== "AssistantMessage" && event !== "UserPromptSubmit";

/** A hook hears of a prompt, or of the end of an answer, within this time of the transcript's line. */
const SAME_MS = 10_000;

/** Tells which rows say what a transcript, or a hook, has said: an end its turn's answer, a transcript's prompt a hook's. */
function repeatsIn(ordered: readonly PlacedRow[]): (row: PlacedRow) => boolean {
  const said = Map.groupBy(
    ordered.filter(({ event }) => event === "AssistantMessage"),
    keyOf,
  );
  const heard = Map.groupBy(
    ordered.filter(({ event, source }) => event === "UserPromptSubmit" && source === undefined),
    keyOf,
  );
  /** Whether one of the rows, which are in order of time, lies there: the same words may be said very often. */
  const isIn = (rows: readonly PlacedRow[] = [], isBehind: (t: number) => boolean, until: number) => {
    const first = rows[firstWhere(rows, ({ t }) => isBehind(t))];
    return first !== undefined && first.t <= until;
  };
  /** When the agent's turn before ended, as of each end: the same words may have been said in it. */
  const since = new Map<string, number>();
  const last = new Map<string, number>();
  for (const { id, event, agent = "", t } of ordered) {
    if (!isEnd(event)) continue;
    since.set(id, last.get(agent) ?? Number.NEGATIVE_INFINITY);
    last.set(agent, t);
  }
  return (row) => {
    if (row.event === "UserPromptSubmit")
      return row.source !== undefined && isIn(heard.get(keyOf(row)), (t) => t >= row.t - SAME_MS, row.t + SAME_MS);
    const from = since.get(row.id);
    return from !== undefined && isIn(said.get(keyOf(row)), (t) => t > from, row.t + SAME_MS);
  };
}

const keyOf = ({ agent, text }: PlacedRow): string => `${agent ?? ""}\n${(text ?? "").trim()}`;

/** Marks the last word of the main agent in each turn. */
function withFinals(places: readonly Place[], rows: ReadonlyMap<string, PlacedRow>): Place[] {
  const last = new Map<number, string>();
  for (const { id, role, turn } of places)
    if (role === "assistant" && rows.get(id)?.agent === undefined) last.set(turn, id);
  return places.map((place) => (last.get(place.turn) === place.id ? { ...place, final: true } : place));
}

/** The message at a place, with the texts of its event and of the events of its thoughts. */
export function messageAt(
  { id, t, role, turn, final }: Place,
  { data, agent_id: agent }: Envelope,
  thoughts: readonly Envelope[],
): Message {
  const said = role === "user" ? data["prompt"] : (data["message"] ?? data["last_assistant_message"] ?? data["error"]);
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const thinking = [...thoughts.map((event) => text(event.data["thinking"])), text(data["thinking"])];
  const more = {
    thinking: thinking.filter(Boolean).join("\n\n"),
    agentType: text(data["agent_type"]),
    model: text(data["model"]),
  };
  return {
    id,
    role,
    text: text(said),
    at: t,
    turn,
    ...(agent ? { agent } : {}),
    ...(more.thinking ? { thinking: more.thinking } : {}),
    ...(more.agentType ? { agentType: more.agentType } : {}),
    ...(more.model ? { model: more.model } : {}),
    ...(final ? { final } : {}),
    ...(withheldOf(data) ? { withheld: true } : {}),
  };
}
