// A session's conversation, from its rows: which events hold a message, in which order, and to which turn each belongs.
// - A prompt is told by a hook or by a transcript, an answer by a transcript; where none was read, by the hook that ends the
//   turn, which has its last words. What both tell is said once.
// - What the model thought before it spoke stands in lines of its own: it goes with the words that follow.
// - Rows decide; the text itself stands in the event.

import type { Message } from "../contract/conversation.ts";
import type { Envelope } from "../contract/envelope.ts";
import type { EventRow } from "../contract/row.ts";

/** Events that may hold a message. */
export const MESSAGE_EVENTS = ["UserPromptSubmit", "AssistantMessage", "Stop", "StopFailure", "SubagentStop"] as const;

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

/** The messages of a session, in order of time, from all rows of MESSAGE_EVENTS; `turnAt` numbers the turn of a time. */
export function placesOf(rows: readonly EventRow[], turnAt: (t: number) => number): Place[] {
  const ordered = rows.toSorted((a, b) => a.t - b.t || a.n - b.n);
  const told = toldTexts(ordered);
  const places: Place[] = [];
  const thought = new Map<string, string[]>();
  for (const row of ordered) {
    const { id, n, t, event, agent = "" } = row;
    const role = event === "UserPromptSubmit" ? "user" : "assistant";
    if (role === "assistant" && !row.text) {
      if (!isEnd(event)) thought.set(agent, [...(thought.get(agent) ?? []), id]);
      continue;
    }
    if (isEnd(event) && role === "assistant" && told.has(keyOf(row))) continue;
    places.push({ id, n, t, role, turn: turnAt(t), thoughts: role === "user" ? [] : (thought.get(agent) ?? []) });
    thought.delete(agent);
  }
  return withFinals(places, new Map(ordered.map((row) => [row.id, row])));
}

const isEnd = (event: string) => event !== "AssistantMessage";

/** What transcripts tell: a row's text is enough to know an answer by. */
function toldTexts(rows: readonly EventRow[]): ReadonlySet<string> {
  return new Set(rows.filter(({ event }) => event === "AssistantMessage").map(keyOf));
}

const keyOf = ({ agent, text }: EventRow): string => `${agent ?? ""}\n${(text ?? "").trim()}`;

/** Marks the last word of the main agent in each turn. */
function withFinals(places: readonly Place[], rows: ReadonlyMap<string, EventRow>): Place[] {
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
  };
}
