// The event stream beneath the timeline, in step with it.

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { lowerBound } from "../model/columns.ts";
import { number } from "../model/format.ts";
import { EventLine } from "../part/line.tsx";
import { VirtualList } from "../part/list.tsx";
import { choose, firstInView, rowsUntilHead, type Stage } from "../timeline/stage.ts";
import { filtered, grow, KINDS, type Kind } from "./filter.ts";

/** While the timeline moves, the list comes along this often: each time it is laid out anew. */
const FOLLOW_EVERY_MS = 100;

export function EventRows({
  stage,
  session,
  onOpen,
}: {
  stage: Stage;
  session: string;
  onOpen: (row: number) => void;
}) {
  const [kind, setKind] = useState<Kind>("all");
  const [text, setText] = useState("");
  const list = useMemo(() => filtered(kind, text), [stage, kind, text]);
  const wish = useSignal<{ index: number; place: "top" | "near" | "end" } | undefined>(undefined);
  const lastWish = useRef(-1);

  void stage.changed.value;
  grow(list, stage.model);
  const until = rowsUntilHead(stage);
  const count = until === stage.model.length ? list.rows.length : lowerBound(list.rows, list.rows.length, until);
  const position = (row: number): number => Math.min(lowerBound(list.rows, list.rows.length, row), count - 1);
  const selectedPosition = useComputed(() => (stage.selected.value < 0 ? -1 : position(stage.selected.value))).value;

  const following = stage.follow.value || stage.replay.value !== undefined;
  useEffect(() => {
    if (following && count > 0) wish.value = { index: count - 1, place: "end" };
  }, [following, count, list]);
  // The timeline moved: the list goes where its left edge is. Not by rendering: a timeline in motion moves every frame.
  const trailing = useRef<number | undefined>(undefined);
  const followedAt = useRef(Number.NEGATIVE_INFINITY);
  const followTimeline = (): void => {
    trailing.current = undefined;
    followedAt.current = performance.now();
    const chosen = stage.selected.peek();
    const seen = chosen >= 0 && inView(stage, chosen);
    const index = position(seen ? chosen : firstInView(stage));
    if (index === lastWish.current && !seen) return;
    lastWish.current = index;
    wish.value = { index, place: seen ? "near" : "top" };
  };
  useSignalEffect(() => {
    void [stage.view.value, stage.selected.value];
    clearTimeout(trailing.current); // whoever moved since has the last word
    if (stage.mover.peek() !== "timeline" || following || count === 0) return;
    const wait = followedAt.current + FOLLOW_EVERY_MS - performance.now();
    if (wait <= 0) followTimeline();
    else trailing.current = window.setTimeout(followTimeline, wait);
  });
  useEffect(() => () => clearTimeout(trailing.current), []);

  const ranged = (first: number, last: number, byHand: boolean): void => {
    const from = stage.model.t.at(list.rows[Math.max(first, 0)] ?? -1);
    const to = stage.model.t.at(list.rows[Math.max(last, 0)] ?? -1);
    if (Number.isNaN(from) || Number.isNaN(to)) return;
    stage.listed.value = { from, to };
    if (!byHand || stage.replay.peek() !== undefined) return;
    // Who scrolls back wants to read, not to follow.
    if (stage.follow.peek() && last < list.rows.length - 2) stage.follow.value = false;
    if (stage.follow.peek()) return;
    // A person scrolled the list: the timeline goes along, unless it shows that time already.
    const seen = stage.view.peek();
    if (to >= seen.from && from <= seen.to) return;
    const span = seen.to - seen.from;
    stage.mover.value = "list";
    const middle = (from + to) / 2;
    stage.view.value = { from: middle - span / 2, to: middle + span / 2 };
  };

  return (
    <section class="rows" aria-label="Events">
      <div class="rows-tools">
        <fieldset class="chips">
          <legend class="hidden">Show</legend>
          {KINDS.map(([value, label]) => (
            <label key={value}>
              <input type="radio" name="kind" checked={kind === value} onChange={() => setKind(value)} />
              <span>{label}</span>
            </label>
          ))}
        </fieldset>
        <input
          type="search"
          class="field"
          placeholder="Filter these events"
          aria-label="Filter these events"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <span class="num muted">{number(count)} shown</span>
      </div>
      {count === 0 && stage.model.length > 0 ? <p class="empty">No event of this session matches the filter.</p> : null}
      <VirtualList
        id="rows"
        label="Events of the session"
        count={count}
        selected={selectedPosition}
        scrollTo={wish.value}
        onSelect={(index) => choose(stage, list.rows[index] ?? -1, "list", Date.now())}
        onOpen={(index) => onOpen(list.rows[index] ?? -1)}
        onRange={ranged}
        row={(index) => <RowLine stage={stage} session={session} row={list.rows[index] ?? -1} />}
      />
    </section>
  );
}

function inView(stage: Stage, row: number): boolean {
  const t = stage.model.t.at(row);
  const { from, to } = stage.view.peek();
  return t >= from && t <= to;
}

function RowLine({ stage, session, row }: { stage: Stage; session: string; row: number }) {
  if (row < 0 || row >= stage.model.length) return null;
  return <EventLine row={stage.model.row(row, session)} />;
}
