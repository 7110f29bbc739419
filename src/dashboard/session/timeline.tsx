// The timeline of a session, to be read like a model, the events beneath it, and the chosen event beside them.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { SessionSummary } from "../../contract/session.ts";
import { useAgain } from "../again.ts";
import type { Failure } from "../api.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { go, linkTo, linkWith, replace, route } from "../route.ts";
import { choose, createStage, firstLook, panBy, type Stage, showAll, zoomBy } from "../timeline/stage.ts";
import { Timeline } from "../timeline/timeline.tsx";
import { EventBeside } from "../view/beside.tsx";
import { fillStage } from "./load.ts";
import { Replay } from "./replay.tsx";
import { EventRows } from "./rows.tsx";
import type { TabProps } from "./tab.ts";

/** @param summary undefined until it is known */
export function TimelineTab({ id, summary }: TabProps) {
  const [filled, setFilled] = useState<Stage>();
  const [error, setError] = useState<Failure>();
  const again = useAgain(error);
  const stage = useMemo(createStage, [id, again]);
  const loaded = filled === stage;
  const [replaying, setReplaying] = useState(false);

  const latest = useRef(summary);
  latest.current = summary;

  stage.model.root = summary?.project ?? "";

  useEffect(
    () =>
      fillStage(stage, id, (failure) => {
        setError(failure);
        setFilled(stage);
        stage.open.value = isOpen(latest.current);
        firstLook(stage, Date.now());
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
  const rows = stage.changed.value > 0;
  const selected = stage.selected.value;
  const linked = route.value.params.get("event");
  // The event of which link and choice agreed last: whichever has left it since is followed by the other.
  const agreed = useMemo<{ event: string | null }>(() => ({ event: null }), [stage]);
  useEffect(() => {
    // Asked for now: effects come after the picture, and by then a link may have been followed.
    const { view, id: shown, params } = route.peek();
    if (!loaded || error || view !== "session" || shown !== id) return;
    if (params.get("event") !== agreed.event) chooseLinked(stage);
    agreed.event = stage.model.ids[stage.selected.peek()] ?? null;
    replace(linkWith({ event: agreed.event ?? undefined }));
  }, [linked, selected, loaded, error, agreed]);

  /** What retention has removed is counted by the session, and not by the rows that are there. */
  const openTurn = (number: number): void => {
    const earlier = Math.max((latest.current?.turns ?? 0) - (stage.model.parts.turns.at(-1)?.number ?? 0), 0);
    go(linkTo("session", id, new URLSearchParams({ tab: "turns", turn: String(number + earlier) })));
  };
  const event = selected >= 0 ? stage.model.ids[selected] : undefined;
  return (
    <div class={event ? "session has-event" : "session"}>
      {error ? <Failed message={error.message} /> : null}
      {loaded && !error && stage.model.length === 0 && stage.changed.value >= 0 ? (
        <p class="empty">Nothing is stored of this session. It may be older than the store keeps.</p>
      ) : null}
      {loaded || rows ? null : <Loading text="Reading the session…" />}
      <div class="session-body" hidden={stage.model.length === 0}>
        {loaded ? <Tools stage={stage} replaying={replaying} setReplaying={setReplaying} /> : null}
        {replaying ? <Replay stage={stage} onClose={() => setReplaying(false)} /> : null}
        <Timeline stage={stage} onTurn={openTurn} />
        <div class="session-lower">
          {rows ? (
            <EventRows stage={stage} session={id} onOpen={(row) => go(linkTo("event", stage.model.ids[row] ?? ""))} />
          ) : null}
          {event ? (
            <EventBeside
              id={event}
              onClose={() => {
                stage.selected.value = -1;
              }}
            />
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
  else stage.selected.value = -1;
}

interface ToolsProps {
  readonly stage: Stage;
  readonly replaying: boolean;
  readonly setReplaying: (on: boolean) => void;
}

function Tools({ stage, replaying, setReplaying }: ToolsProps) {
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
    </div>
  );
}
