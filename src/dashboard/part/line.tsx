// One event in a line, in lists of every view.

import type { EventRow } from "../../contract/row.ts";
import { promptText } from "../../session/news.ts";
import { shortDay } from "../model/days.ts";
import { clock, day, duration, preciseClock } from "../model/format.ts";
import { own } from "../model/own.ts";
import { familyOf } from "../timeline/colours.ts";
import { Snippet } from "./snippet.tsx";
import { Marked } from "./text.tsx";

/** Signs of the events that are no tool calls; the word beside it says the same. */
const SIGNS: Record<string, string> = {
  UserPromptSubmit: "❯",
  Stop: "■",
  StopFailure: "✕",
  SubagentStart: "↳",
  SubagentStop: "↲",
  SessionStart: "◆",
  SessionEnd: "◇",
  PreCompact: "⇥",
  PostCompact: "⇤",
  PermissionRequest: "?",
  PermissionDenied: "⊘",
  Notification: "!",
  PreToolUse: "▸",
  PostToolUse: "✓",
  PostToolUseFailure: "✕",
};

interface LineProps {
  readonly row: EventRow;
  /** Where it was. */
  readonly place?: string;
  /** Date and time instead of the precise time. */
  readonly now?: number;
  /** The place in it that a search found. */
  readonly snippet?: string | undefined;
}

export function EventLine({ row, place, now, snippet }: LineProps) {
  const family = row.tool ? familyOf(row.tool) : "";
  const said = saidBy(row);
  const isWait = row.event === "PermissionRequest" || row.event === "Elicitation";
  return (
    <div class={`line${row.failed ? " is-bad" : ""}${isWait ? " is-wait" : ""}`}>
      <span class="num when">{now === undefined ? <Precise t={row.t} /> : <Moment t={row.t} now={now} />}</span>
      <span class="sign" aria-hidden="true">
        {row.failed ? "✕" : (own(SIGNS, row.event) ?? "·")}
      </span>
      {place === undefined ? null : <span class="place">{place}</span>}
      <span class="what">
        {row.event}
        {row.failed ? <span class="hidden"> failed</span> : null}
      </span>
      <span class="tool" data-family={family}>
        {row.tool ?? row.kind ?? ""}
      </span>
      <span class="agent-of" title={row.agent}>
        {row.agent ? `↳ ${row.agentType ?? row.agent.slice(0, 6)}` : ""}
      </span>
      <span class="said">
        {snippet ? (
          <Snippet text={snippet} />
        ) : said ? (
          <Marked text={said} />
        ) : (
          <span class="instead">{row.event}</span>
        )}
      </span>
      <span class="num took">{row.ms === undefined ? "" : duration(row.ms)}</span>
    </div>
  );
}

/** A reason is the kind of its event as well. */
function saidBy({ text = "", kind }: EventRow): string {
  if (text === kind) return "";
  return promptText(text);
}

/** The time of day is left out of another day's where there is no room for it. */
function Moment({ t, now }: { t: number; now: number }) {
  if (day(t) === day(now)) return <>{clock(t)}</>;
  return (
    <>
      {shortDay(t, now)}
      <span class="fraction"> {clock(t).slice(0, 5)}</span>
    </>
  );
}

/** Milliseconds are left out where there is no room for them. */
function Precise({ t }: { t: number }) {
  return (
    <>
      {clock(t)}
      <span class="fraction">{preciseClock(t).slice(clock(t).length)}</span>
    </>
  );
}
