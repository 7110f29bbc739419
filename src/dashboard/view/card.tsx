// A session on a card: what it does, for how long, with what; the one that holds up work for a person is the largest.

import type { OpenCall, SessionSummary } from "../../contract/session.ts";
import { now } from "../clock.ts";
import { ago, dollars, number, plural, short } from "../model/format.ts";
import { own } from "../model/own.ts";
import { resumeCommand } from "../model/resume.ts";
import { fromRoot } from "../model/session.ts";
import { AskedFor } from "../part/asked.tsx";
import { Copy } from "../part/copy.tsx";
import { Icon } from "../part/icon.tsx";
import { ProjectName } from "../part/project.tsx";
import { CardSignals } from "../part/signals.tsx";
import { Sparkline } from "../part/spark.tsx";
import { StateSign, Timer } from "../part/state.tsx";
import { Marked } from "../part/text.tsx";
import { NotShared } from "../part/withheld.tsx";
import { linkTo } from "../route.ts";

export const ORDER = { blocked: 0, ready: 1, working: 2, interrupted: 3, idle: 4, lost: 5, ended: 6 } as const;

type Urgency = keyof typeof ORDER;

/** Who holds up work stands out more than who has finished. */
export function urgencyOf({ state, reason }: Pick<SessionSummary, "state" | "reason">): Urgency {
  if (state !== "waiting") return state;
  return reason?.code === "waiting" && reason.for.code === "prompt" ? "ready" : "blocked";
}

export function Card({ session }: { session: SessionSummary }) {
  const link = linkTo("session", session.id);
  return (
    <li class={`card is-${urgencyOf(session)}`}>
      <header>
        <h2>
          <a href={link} data-session={session.id}>
            <ProjectName session={session} />
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
      <Question session={session} />
      {session.prompt ? (
        <p class="prompt" title="the turn's prompt">
          <Marked text={session.prompt} />
        </p>
      ) : session.title ? (
        <p class="prompt">
          <Marked text={session.title} />
        </p>
      ) : session.shared ? (
        <p class="prompt">
          <NotShared what="What is said in it is not shared." />
        </p>
      ) : null}
      {session.answer && session.state !== "working" ? (
        <p class="answer" title="the answer">
          <Marked text={session.answer} />
        </p>
      ) : null}
      <CardSignals session={session} />
      <Running session={session} />
      <Subagents session={session} />
      <footer>
        <Resume session={session} />
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
    case "waiting": {
      const asked = session.waits.some((wait) => wait.asked) ? undefined : askedCall(session);
      return (
        <>
          <strong>
            <Marked text={session.detail ?? "your answer"} />
          </strong>
          {asked ? (
            <span class="call">
              <Marked text={fromRoot(asked.text ?? "", session.project)} />
            </span>
          ) : null}
          <span class="since">
            <Timer since={session.since} />
          </span>
        </>
      );
    }
    case "working":
      return call ? (
        <>
          <strong>{call.tool}</strong>
          <span class="call">
            <Marked text={fromRoot(call.text ?? "", session.project)} />
          </span>
          <span class="since">
            <Timer since={call.answeredAt ?? call.since} />
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
    case "interrupted":
      return (
        <>
          <strong>you interrupted it</strong>
          <span class="call is-words">{session.detail ?? ""}</span>
          <span class="since">
            <Timer since={session.since} />
          </span>
        </>
      );
    case "idle":
      return (
        <>
          <strong>{begunAs(session) ?? <Marked text={session.detail ?? "waits for a prompt"} />}</strong>
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

/** What it asks, word for word. */
function Question({ session }: { session: SessionSummary }) {
  const wait = session.waits.find(({ sure, asked }) => sure && asked);
  return wait && session.state === "waiting" ? <AskedFor wait={wait} root={session.project} /> : null;
}

function Resume({ session }: { session: SessionSummary }) {
  const command = resumeCommand(session);
  return (
    <span class="resume">
      <Copy text={() => command} label="Copy resume command" about={command} />
    </span>
  );
}

/** The call that a person is asked about. */
export function askedCall({ waits, running }: SessionSummary): OpenCall | undefined {
  const asked = waits.find(({ sure, for: { code } }) => sure && code !== "prompt")?.call;
  return running.find(({ call }) => call === asked);
}

function begunAs({ reason }: SessionSummary): string | undefined {
  return reason?.code === "started" ? own(BEGUN, reason.source ?? "") : undefined;
}

/** How it began, where nothing has been asked of it yet. */
const BEGUN: Record<string, string> = {
  startup: "has just been started",
  resume: "has been resumed",
  clear: "has been cleared",
  fork: "has been forked",
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
        <dt>tool calls</dt>
        <dd>{short(session.toolCalls)}</dd>
      </div>
      <div class={session.failures > 0 ? "is-bad" : ""}>
        <dt>failed</dt>
        <dd>{session.failures > 0 ? `✕ ${number(session.failures)}` : "0"}</dd>
      </div>
      {session.denied > 0 ? (
        <div title="tool calls that did not run: refused or invalid">
          <dt>denied</dt>
          <dd>⊘ {number(session.denied)}</dd>
        </div>
      ) : null}
      {tokens ? (
        <div
          title={`${number(tokens.output)} out, ${number(tokens.input)} in, ${number(tokens.cacheRead)} from the cache`}
        >
          <dt>tokens</dt>
          <dd>{short(used)}</dd>
        </div>
      ) : null}
      {session.cost === undefined ? null : (
        <div title="by list price, subagents included">
          <dt>cost</dt>
          <dd>{dollars(session.cost)}</dd>
        </div>
      )}
      {session.gaps > 0 ? (
        <div class="is-bad" title="events that are missing">
          <dt>missing</dt>
          <dd>{number(session.gaps)}</dd>
        </div>
      ) : null}
    </dl>
  );
}
