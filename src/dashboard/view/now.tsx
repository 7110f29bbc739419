// Now: every session that lives, the one that waits for a person first and largest; below, the ended ones by project.

import type { SessionSummary } from "../../protocol.ts";
import { now } from "../clock.ts";
import { connection, loading, sessions, trouble } from "../live.ts";
import { ago, baseName, duration, moment, number, plural, short } from "../model/format.ts";
import { own } from "../model/own.ts";
import { fromRoot } from "../model/score.ts";
import { Icon } from "../part/icon.tsx";
import { Sparkline } from "../part/spark.tsx";
import { StateSign, Timer } from "../part/state.tsx";
import { Marked } from "../part/text.tsx";
import { linkTo } from "../route.ts";

const ORDER = { blocked: 0, ready: 1, working: 2, idle: 3, lost: 4, ended: 5 } as const;
/** What the monitor says of a turn that is over; all other waits hold up work. */
const NEXT_PROMPT = "your next prompt";
const ENDED_SHOWN = 200;
/** A session that is lost for longer is shown among the ended ones. */
const LOST_SHOWN_MS = 3_600_000;

export function projectName(session: Pick<SessionSummary, "project" | "cwd">): string {
  return baseName(session.project || session.cwd || "") || "no project";
}

function isLive(session: SessionSummary, at: number): boolean {
  if (session.state === "lost") return at - session.lastAt < LOST_SHOWN_MS;
  return session.state !== "ended";
}

type Urgency = keyof typeof ORDER;

/** Who holds up work stands out more than who has finished. */
function urgencyOf({ state, detail }: SessionSummary): Urgency {
  if (state !== "waiting") return state;
  return detail === NEXT_PROMPT ? "ready" : "blocked";
}

export function NowView() {
  const all = [...sessions.value.values()];
  const minute = Math.floor(now.value / 60_000) * 60_000;
  const live = all
    .filter((session) => isLive(session, minute))
    .sort(
      (a, b) =>
        ORDER[urgencyOf(a)] - ORDER[urgencyOf(b)] || (a.state === "waiting" ? a.since - b.since : b.lastAt - a.lastAt),
    );
  const ended = all.filter((session) => !isLive(session, minute)).sort((a, b) => b.lastAt - a.lastAt);
  return (
    <div class="now">
      <h1 class="hidden">Now</h1>
      {live.length > 0 ? <Counts live={live} /> : null}
      {live.length > 0 ? (
        <ul class="cards">
          {live.map((session) => (
            <Card key={session.id} session={session} />
          ))}
        </ul>
      ) : (
        <Nothing any={ended.length > 0} />
      )}
      {ended.length > 0 ? <Ended sessions={ended} /> : null}
    </div>
  );
}

function Counts({ live }: { live: readonly SessionSummary[] }) {
  const count = (state: SessionSummary["state"]): number => live.filter((session) => session.state === state).length;
  const waiting = count("waiting");
  return (
    <p class="counts" role="status">
      {waiting > 0 ? (
        <strong class="count is-waiting">
          <Icon name="wait" />
          {waiting === 1 ? "1 session waits for you" : `${waiting} sessions wait for you`}
        </strong>
      ) : null}
      <span class="count">{number(count("working"))} working</span>
      {count("idle") > 0 ? <span class="count">{number(count("idle"))} idle</span> : null}
      {count("lost") > 0 ? <span class="count">{number(count("lost"))} lost</span> : null}
    </p>
  );
}

function Card({ session }: { session: SessionSummary }) {
  const link = linkTo("session", session.id);
  return (
    <li class={`card is-${urgencyOf(session)}`}>
      <header>
        <h2>
          <a href={link} data-session={session.id}>
            {projectName(session)}
          </a>
        </h2>
        {session.branch ? (
          <span class="branch" title={session.branch}>
            <Icon name="branch" />
            {session.branch}
          </span>
        ) : null}
        <StateSign session={session} />
      </header>
      <p class="doing">
        <Doing session={session} />
      </p>
      {session.prompt ? (
        <p class="prompt" title="the turn's prompt">
          <Marked text={session.prompt} />
        </p>
      ) : session.title ? (
        <p class="prompt">
          <Marked text={session.title} />
        </p>
      ) : null}
      <Running session={session} />
      <Subagents session={session} />
      <footer>
        <Sparkline pulse={session.pulse} />
        <Figures session={session} />
      </footer>
    </li>
  );
}

/** What it does, waits for, or why it stopped, in a line. */
function Doing({ session }: { session: SessionSummary }) {
  const call = session.running.find((entry) => !entry.agent) ?? session.running[0];
  switch (session.state) {
    case "waiting":
      return (
        <>
          <strong>{own(WAITS, session.detail ?? "") ?? <Marked text={session.detail ?? "for your answer"} />}</strong>
          {call ? (
            <span class="call">
              {session.detail?.includes(call.tool) ? null : `${call.tool} `}
              <Marked text={fromRoot(call.text ?? "", session.project)} />
            </span>
          ) : null}
          <span class="since">
            <Timer since={session.since} />
          </span>
        </>
      );
    case "working":
      return call ? (
        <>
          <strong>{call.tool}</strong>
          <span class="call">
            <Marked text={fromRoot(call.text ?? "", session.project)} />
          </span>
          <span class="since">
            <Timer since={call.since} />
          </span>
        </>
      ) : (
        <>
          <strong>thinking</strong>
          <span class="since">
            <Timer since={session.lastAt} />
          </span>
        </>
      );
    case "idle":
      return (
        <>
          <strong>{session.detail ? <Marked text={session.detail} /> : "waits for a prompt"}</strong>
          <span class="since">
            <Timer since={session.since} />
          </span>
        </>
      );
    default:
      return (
        <>
          <strong>{session.detail ? <Marked text={session.detail} /> : session.state}</strong>
          <span class="since">{ago(session.lastAt, now.value)}</span>
        </>
      );
  }
}

const WAITS: Record<string, string> = {
  permission: "asks for permission",
  question: "asks you a question",
  prompt: "waits for your prompt",
};

function Running({ session }: { session: SessionSummary }) {
  const others = session.running.filter((entry) => !entry.agent).slice(1, 5);
  if (others.length === 0 || session.state !== "working") return null;
  return (
    <ul class="also">
      {others.map((call) => (
        <li key={call.call}>
          <strong>{call.tool}</strong> <Marked text={fromRoot(call.text ?? "", session.project)} />{" "}
          <Timer since={call.since} />
        </li>
      ))}
    </ul>
  );
}

function Subagents({ session }: { session: SessionSummary }) {
  if (session.subagents.length === 0) return null;
  return (
    <ul class="agents" aria-label={plural(session.subagents.length, "subagent")}>
      {session.subagents.slice(0, 6).map((agent) => {
        const call = session.running.find((entry) => entry.agent === agent.id);
        return (
          <li key={agent.id}>
            <Icon name="agent" />
            <span class="agent-type">{agent.type ?? "subagent"}</span>
            <span class="call">{call ? `${call.tool} ${fromRoot(call.text ?? "", session.project)}` : ""}</span>
            <Timer since={agent.since} />
          </li>
        );
      })}
      {session.subagents.length > 6 ? <li>and {session.subagents.length - 6} more</li> : null}
    </ul>
  );
}

function Figures({ session }: { session: SessionSummary }) {
  const { tokens } = session;
  const used = tokens ? tokens.input + tokens.output + tokens.cacheRead + tokens.cacheWrite : 0;
  return (
    <dl class="figures">
      <div>
        <dt>turns</dt>
        <dd>{number(session.turns)}</dd>
      </div>
      <div>
        <dt>calls</dt>
        <dd>{short(session.toolCalls)}</dd>
      </div>
      <div class={session.failures > 0 ? "is-bad" : ""}>
        <dt>failed</dt>
        <dd>{session.failures > 0 ? `✕ ${number(session.failures)}` : "0"}</dd>
      </div>
      {tokens ? (
        <div
          title={`${number(tokens.output)} out, ${number(tokens.input)} in, ${number(tokens.cacheRead)} from the cache`}
        >
          <dt>tokens</dt>
          <dd>{short(used)}</dd>
        </div>
      ) : null}
      {session.gaps > 0 ? (
        <div class="is-bad" title="events that never came">
          <dt>missing</dt>
          <dd>{number(session.gaps)}</dd>
        </div>
      ) : null}
    </dl>
  );
}

function Nothing({ any }: { any: boolean }) {
  if (trouble.value && !any) return <p class="empty is-bad">{trouble.value}</p>;
  if (loading.value || connection.value === "connecting") return <p class="empty">Looking for sessions…</p>;
  return (
    <div class="empty">
      <h2>{any ? "Nothing runs right now" : "No session has been seen yet"}</h2>
      <p>
        {any ? (
          "A session appears here with its first event."
        ) : (
          <>
            Start Claude Code in a project; its first event appears here within a moment. If it does not,{" "}
            <code>mpm doctor</code> says why.
          </>
        )}
      </p>
    </div>
  );
}

function Ended({ sessions: ended }: { sessions: readonly SessionSummary[] }) {
  const projects = Map.groupBy(ended.slice(0, ENDED_SHOWN), (session) => session.project || session.cwd || "");
  return (
    <section class="ended">
      <h2>Earlier</h2>
      {[...projects].map(([project, group]) => (
        <section key={project}>
          <h3 title={project}>{projectName(group[0] as SessionSummary)}</h3>
          <ul>
            {group.map((session) => (
              <EndedRow key={session.id} session={session} />
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

function EndedRow({ session }: { session: SessionSummary }) {
  const title = session.title ?? session.prompt ?? session.id.slice(0, 8);
  return (
    <li>
      <a href={linkTo("session", session.id)}>
        <StateSign session={session} />
        <span class="title">
          <Marked text={title} />
        </span>
        <span class="num when">{moment(session.lastAt, now.value)}</span>
        <span class="num">{duration(session.lastAt - session.firstAt)}</span>
        <span class="num">{plural(session.turns, "turn")}</span>
        <span class="num">{plural(session.toolCalls, "call")}</span>
        <span class={session.failures > 0 ? "num is-bad" : "num"}>
          {session.failures > 0 ? `✕ ${session.failures}` : ""}
        </span>
      </a>
    </li>
  );
}
