// Session: a timeline to be read like a model, the events beneath it, and the chosen event beside them.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { SessionSummary } from "../../contract/session.ts";
import { ask, type Failure } from "../api.ts";
import { now } from "../clock.ts";
import { sessions } from "../live.ts";
import { ago, duration, moment, number, plural, projectName, short } from "../model/format.ts";
import { own } from "../model/own.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { Icon } from "../part/icon.tsx";
import { StateSign } from "../part/state.tsx";
import { Marked } from "../part/text.tsx";
import { go, linkTo, parseRoute, replace, route } from "../route.ts";
import { boundsOf, choose, createStage, firstLook, panBy, type Stage, showAll, zoomBy } from "../timeline/stage.ts";
import { Timeline } from "../timeline/timeline.tsx";
import { EventPanel } from "../view/event.tsx";
import { Exports } from "./exports.tsx";
import { fillStage } from "./load.ts";
import { Replay } from "./replay.tsx";
import { EventRows } from "./rows.tsx";

const NOT_FOUND = 404;

export function SessionView() {
  const { id } = route.value;
  return <OneSession key={id} id={id} />;
}

function OneSession({ id }: { id: string }) {
  const stage = useMemo(createStage, [id]);
  const [loaded, setLoaded] = useState(false);
  const [error, setError] = useState<Failure>();
  const [replaying, setReplaying] = useState(false);
  const known = sessions.value.get(id);
  const asked = useSummary(id, known !== undefined);
  const summary = known ?? asked;

  stage.model.root = summary?.project ?? "";

  useEffect(
    () =>
      fillStage(stage, id, (failure) => {
        setError(failure);
        setLoaded(true);
        stage.open.value = isOpen(sessions.peek().get(id));
        firstLook(stage, Date.now());
        chooseLinked(stage);
      }),
    [stage, id],
  );
  const state = summary?.state;
  useEffect(() => {
    if (!loaded) return;
    stage.open.value = isOpen(summary);
    if (!stage.open.value) stage.follow.value = false;
  }, [state, loaded]);
  useEffect(() => {
    if (!loaded || !summary) return;
    const { version } = stage.model;
    stage.model.follow(summary, Date.now());
    if (stage.model.version !== version) stage.changed.value += 1;
  }, [summary, loaded]);
  // Until all of it is there, what is there is shown whole: it fills from its beginning on.
  const rows = stage.changed.value > 0;
  if (!loaded && rows) stage.view.value = boundsOf(stage, Date.now());
  // The link always says which event is chosen.
  const selected = stage.selected.value;
  // What we wrote into the link ourselves is no wish: by the time it is seen the choice may have gone on.
  const written = useRef<string | null>(null);
  useEffect(() => {
    const { view, id: shown } = parseRoute(location.hash);
    if (!loaded || view !== "session" || shown !== id) return; // on the way to somewhere else
    const event = stage.model.ids[selected];
    written.current = event ?? null;
    replace(linkTo("session", id, event ? new URLSearchParams({ event }) : undefined));
  }, [selected, loaded]);

  const linked = route.value.params.get("event");
  useEffect(() => {
    const wished = linked !== written.current && linked !== (stage.model.ids[stage.selected.peek()] ?? null);
    if (loaded && wished) chooseLinked(stage);
  }, [linked, loaded]);

  const event = selected >= 0 ? stage.model.ids[selected] : undefined;
  if (error?.status === NOT_FOUND)
    return (
      <div class="empty">
        <h1>This session is not stored</h1>
        <p>It may be older than what the monitor keeps, or the link is not whole: {error.message}.</p>
      </div>
    );
  return (
    <div class={event ? "session has-event" : "session"}>
      <Head id={id} summary={summary} stage={stage} />
      {error ? <Failed message={error.message} /> : null}
      {loaded && !error && stage.model.length === 0 && stage.changed.value >= 0 ? (
        <p class="empty">Nothing is stored of this session. It may be older than the store keeps.</p>
      ) : null}
      {loaded || rows ? null : <Loading text="Reading the session…" />}
      <div class="session-body" hidden={stage.model.length === 0}>
        {loaded ? <Tools stage={stage} id={id} replaying={replaying} setReplaying={setReplaying} /> : null}
        {replaying ? <Replay stage={stage} onClose={() => setReplaying(false)} /> : null}
        <Timeline stage={stage} />
        <div class="session-lower">
          {rows ? (
            <EventRows stage={stage} session={id} onOpen={(row) => go(linkTo("event", stage.model.ids[row] ?? ""))} />
          ) : null}
          {event ? (
            <aside class="session-event" aria-label="Chosen event">
              <button
                type="button"
                class="button is-quiet close"
                aria-label="Close the event"
                data-key="Escape"
                onClick={() => {
                  stage.selected.value = -1;
                }}
              >
                ✕
              </button>
              <EventPanel id={event} />
            </aside>
          ) : null}
        </div>
      </div>
    </div>
  );
}

/** A session that nothing is known of yet has only just begun. */
function isOpen(summary: SessionSummary | undefined): boolean {
  return summary === undefined || (summary.state !== "ended" && summary.state !== "lost");
}

function chooseLinked(stage: Stage): void {
  const event = route.peek().params.get("event");
  if (event) choose(stage, stage.model.ids.indexOf(event), "timeline", Date.now());
}

/** Of a session that is older than the list of sessions. */
function useSummary(id: string, known: boolean): SessionSummary | undefined {
  const [summary, setSummary] = useState<SessionSummary>();
  useEffect(() => {
    if (known) return;
    const gone = new AbortController();
    void ask("session", { parts: { id }, signal: gone.signal }).then((result) => {
      if (result.ok) setSummary(result.value);
    });
    return () => gone.abort();
  }, [id, known]);
  return summary;
}

const ORIGINS: Record<string, string> = {
  resume: "resumed",
  clear: "after /clear",
  compact: "after a compaction",
  fork: "forked from another session",
  joined: "joined in the middle: its start was not seen",
};

function Head({ id, summary, stage }: { id: string; summary: SessionSummary | undefined; stage: Stage }) {
  if (!summary) return <h1 class="session-title">Session {id.slice(0, 8)}</h1>;
  const { tokens } = summary;
  const origin = own(ORIGINS, summary.origin);
  const lost = stage.model.parts.gaps.reduce((sum, gap) => sum + gap.missing, 0);
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
        {summary.detail && summary.state !== "working" ? (
          <span class="muted">
            <Marked text={summary.detail} />
          </span>
        ) : null}
      </div>
      {summary.title || summary.prompt ? (
        <p class="prompt">
          <Marked text={summary.title ?? summary.prompt ?? ""} />
        </p>
      ) : null}
      <p class="meta num">
        <span>
          began {moment(summary.firstAt, now.value)}
          {origin ? `, ${origin}` : ""}
        </span>
        <span>
          {summary.state === "ended" ? "lasted" : "for"} {duration(summary.lastAt - summary.firstAt)}
        </span>
        <span>last event {ago(summary.lastAt, now.value)}</span>
        <span>{plural(summary.events, "event")}</span>
        <span>{plural(summary.turns, "turn")}</span>
        <span>{plural(summary.toolCalls, "call")}</span>
        {summary.failures > 0 ? <span class="is-bad">✕ {number(summary.failures)} failed</span> : null}
        {lost > 0 ? <span class="is-bad">{plural(lost, "event")} missing</span> : null}
        {summary.model ? <span>{summary.model}</span> : null}
        {tokens ? (
          <span title={`${number(tokens.cacheRead)} from the cache, ${number(tokens.cacheWrite)} into it`}>
            {short(tokens.input + tokens.cacheRead + tokens.cacheWrite)} tokens in, {short(tokens.output)} out
          </span>
        ) : null}
      </p>
    </header>
  );
}

interface ToolsProps {
  readonly stage: Stage;
  readonly id: string;
  readonly replaying: boolean;
  readonly setReplaying: (on: boolean) => void;
}

function Tools({ stage, id, replaying, setReplaying }: ToolsProps) {
  const follow = stage.follow.value;
  return (
    <div class="tools" role="toolbar" aria-label="Timeline">
      {stage.open.value && !replaying ? (
        <button
          type="button"
          class={follow ? "button is-on" : "button"}
          aria-pressed={follow}
          data-key="f"
          onClick={() => {
            stage.follow.value = !follow;
          }}
        >
          {follow ? "Following" : "Follow"}
        </button>
      ) : null}
      <button
        type="button"
        class="button"
        aria-label="Zoom in"
        data-key="+"
        onClick={() => zoomBy(stage, 0.5, undefined, Date.now())}
      >
        +
      </button>
      <button
        type="button"
        class="button"
        aria-label="Zoom out"
        data-key="-"
        onClick={() => zoomBy(stage, 2, undefined, Date.now())}
      >
        −
      </button>
      <button
        type="button"
        class="button"
        aria-label="Earlier"
        data-key="ArrowLeft"
        onClick={() => panBy(stage, -0.4, Date.now())}
      >
        ←
      </button>
      <button
        type="button"
        class="button"
        aria-label="Later"
        data-key="ArrowRight"
        onClick={() => panBy(stage, 0.4, Date.now())}
      >
        →
      </button>
      <button type="button" class="button" data-key="0" onClick={() => showAll(stage, Date.now())}>
        All
      </button>
      <span class="spacer" />
      {replaying ? null : (
        <button type="button" class="button" data-key="r" onClick={() => setReplaying(true)}>
          Replay
        </button>
      )}
      <Exports session={id} />
    </div>
  );
}
