// Above every tab of a session: what it is, how it is, and how much.

import { now } from "../clock.ts";
import { ago, dollars, duration, moment, number, plural, projectName, short } from "../model/format.ts";
import { goesOn, lastedOf } from "../model/lasted.ts";
import { sessionName } from "../model/name.ts";
import { own } from "../model/own.ts";
import { resumeCommand } from "../model/resume.ts";
import { whyOf } from "../model/why.ts";
import { Copy } from "../part/copy.tsx";
import { Icon } from "../part/icon.tsx";
import { SignalList } from "../part/signals.tsx";
import { StateSign } from "../part/state.tsx";
import { Marked } from "../part/text.tsx";
import { SharedPart } from "../part/withheld.tsx";
import type { TabProps } from "./tab.ts";

const ORIGINS: Record<string, string> = {
  resume: "resumed",
  clear: "after /clear",
  compact: "after a compaction",
  fork: "forked from another session",
  joined: "joined in the middle: its start was not seen",
};

export function Head({ id, summary }: TabProps) {
  if (!summary)
    return (
      <header class="session-head">
        <h1 class="session-title">Session {id.slice(0, 8)}</h1>
      </header>
    );
  const { tokens } = summary;
  const why = whyOf(summary);
  const origin = own(ORIGINS, summary.origin);
  return (
    <header class="session-head">
      <div>
        <h1 class="session-title">
          {projectName(summary)}
          {summary.branch ? (
            <span class="branch">
              <Icon name="branch" />
              {summary.branch}
            </span>
          ) : null}
        </h1>
        <StateSign session={summary} />
        <Copy text={() => resumeCommand(summary)} label="Copy resume command" about={resumeCommand(summary)} />
        {why && summary.state !== "working" ? (
          <span class="muted">
            <Marked text={why} />
          </span>
        ) : null}
      </div>
      {summary.title || summary.firstPrompt || summary.prompt ? (
        <p class="prompt">
          <Marked text={sessionName(summary)} />
        </p>
      ) : null}
      <p class="meta num">
        <span>
          began {moment(summary.firstAt, now.value)}
          {origin ? `, ${origin}` : ""}
        </span>
        <span>
          {goesOn(summary) ? "for" : "lasted"} {duration(lastedOf(summary, now.value))}
        </span>
        <span>last event {ago(summary.lastAt, now.value)}</span>
        <span>{plural(summary.events, "event")}</span>
        <span>{plural(summary.turns, "turn")}</span>
        <span>{plural(summary.toolCalls, "tool call")}</span>
        {summary.failures > 0 ? <span class="is-bad">✕ {number(summary.failures)} failed</span> : null}
        {summary.denied > 0 ? <span>⊘ {number(summary.denied)} denied</span> : null}
        {summary.gaps > 0 ? <span class="is-bad">{plural(summary.gaps, "event")} missing</span> : null}
        {summary.cost === undefined ? null : (
          <span title="by list price, subagents included">{dollars(summary.cost)}</span>
        )}
        {summary.model ? <span>{summary.model}</span> : null}
        {tokens ? (
          <span title={`${number(tokens.cacheRead)} from the cache, ${number(tokens.cacheWrite)} into it`}>
            {short(tokens.input + tokens.cacheRead + tokens.cacheWrite)} tokens in, {short(tokens.output)} out
          </span>
        ) : null}
      </p>
      <SharedPart session={summary} />
      <SignalList session={summary} />
    </header>
  );
}
