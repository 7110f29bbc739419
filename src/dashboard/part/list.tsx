// A list of any length: only what is in sight is in the document, and the rest is told to assistive technology by
// position and size. Arrow keys, Page keys, Home and End move the choice; Enter opens.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { keepScroll } from "../place.ts";
import { unit } from "./unit.ts";

const ROW_HEIGHT = 30;
const SPARE_ROWS = 5;
/** Browsers stop at some 33 million pixels; longer lists are scrolled to scale. */
const MAX_PIXELS = 16_000_000;

/** A scroll so soon after wheel, finger or pointer is theirs. */
const BY_HAND_MS = 300;

interface Props {
  readonly id: string;
  readonly label: string;
  readonly count: number;
  readonly selected: number;
  readonly row: (index: number) => ComponentChildren;
  readonly onSelect: (index: number) => void;
  readonly onOpen: (index: number) => void;
  /** A row to bring to the top, as `{ index }` anew for every wish. */
  readonly scrollTo?: { readonly index: number; readonly place: "top" | "near" | "end" } | undefined;
  /** First and last row in sight, and whether a person scrolled there. */
  readonly onRange?: (first: number, last: number, byHand: boolean) => void;
  readonly onEnd?: () => void;
  /** Rows that head others: keys pass over them, a click opens them. */
  readonly isHeading?: (index: number) => boolean;
  /** Keeps how far it is scrolled with the entry of the history. */
  readonly keepsPlace?: boolean;
}

export function VirtualList(props: Props) {
  const { id, label, count, selected, row, onSelect, onOpen, scrollTo, onRange, onEnd } = props;
  const isHeading = props.isHeading ?? (() => false);
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const frame = useRef(0);
  const expected = useRef(0);
  // When a person last scrolled: layout scrolls, too, and that moves nobody else.
  const hand = useRef(Number.NEGATIVE_INFINITY);
  const touched = (): void => {
    hand.current = performance.now();
  };
  const done = useRef<Props["scrollTo"]>(undefined);
  const rowHeight = Math.round(ROW_HEIGHT * unit());
  const total = Math.min(count * rowHeight, MAX_PIXELS);
  const scale = total > height ? (count * rowHeight - height) / (total - height) : 1;
  const first = Math.max(Math.floor((top * scale) / rowHeight), 0);
  const shown = Math.ceil(height / rowHeight);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    setHeight(element.clientHeight);
    const stop = props.keepsPlace ? keepScroll(element, id) : undefined;
    return () => {
      stop?.();
      observer.disconnect();
      cancelAnimationFrame(frame.current);
    };
  }, []);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !scrollTo) return;
    const { index, place } = scrollTo;
    const isNew = done.current !== scrollTo;
    done.current = scrollTo;
    // The room changed: only who stands at the end stays there, the others stay where they are.
    if (!isNew && (place !== "end" || Math.abs(top - expected.current) > 1)) return;
    if (place === "near" && index >= first && index < first + shown - 1) return;
    const target = place === "end" ? index - shown + 1 : place === "near" ? index - Math.floor(shown / 3) : index;
    const next = Math.max((target * rowHeight) / scale + (place === "end" ? rowHeight : 0), 0);
    if (Math.abs(next - element.scrollTop) < 1) return;
    element.scrollTop = next;
    expected.current = element.scrollTop;
    setTop(element.scrollTop);
  }, [scrollTo, height]);

  const range = useRef(onRange);
  range.current = onRange;
  useEffect(() => {
    const byHand = performance.now() - hand.current < BY_HAND_MS;
    range.current?.(Math.min(first, count - 1), Math.min(first + shown - 1, count - 1), byHand);
    if (first + shown >= count - SPARE_ROWS) onEnd?.();
  }, [first, shown, count]);

  const scrolled = (): void => {
    // One that is dragged, or runs on by itself, is still that of a person.
    if (performance.now() - hand.current < BY_HAND_MS) touched();
    frame.current ||= requestAnimationFrame(() => {
      frame.current = 0;
      if (box.current) setTop(box.current.scrollTop);
    });
  };
  const move = (event: KeyboardEvent): void => {
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      j: 1,
      k: -1,
      PageDown: shown - 1,
      PageUp: 1 - shown,
      Home: -count,
      End: count,
    };
    if (event.ctrlKey || event.metaKey || event.altKey || count === 0) return;
    const step = steps[event.key];
    if (event.key === "Enter" && selected >= 0) onOpen(selected);
    else if (step !== undefined)
      onSelect(pastHeadings((selected < 0 ? first - 1 : selected) + step, step, count, isHeading));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const from = Math.max(first - SPARE_ROWS, 0);
  const to = Math.min(first + shown + SPARE_ROWS, count);
  // Rows hang on the first one in sight, so that a scaled list still has them edge to edge.
  const origin = top - (top * scale - first * rowHeight);
  // What was scrolled out of sight serves for what came into it: elements change their text, and stay.
  const slots = shown + 2 * SPARE_ROWS + 1;
  const inDocument = selected >= from && selected < to;
  return (
    <div
      class="list"
      id={id}
      ref={box}
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-activedescendant={inDocument ? `${id}-${selected}` : undefined}
      style={{ "--row": `${rowHeight}px` }}
      onScroll={scrolled}
      onWheel={touched}
      onTouchMove={touched}
      onPointerDown={touched}
      onKeyDown={move}
    >
      <div class="list-space" role="presentation" style={{ height: `${total}px` }}>
        {Array.from({ length: to - from }, (_, offset) => {
          const index = from + offset;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the list, which says by aria-activedescendant where it is
            <div
              key={index % slots}
              id={`${id}-${index}`}
              class={classOf(index === selected, isHeading(index))}
              role="option"
              tabIndex={-1}
              aria-selected={index === selected}
              aria-setsize={count}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${Math.round(origin + (index - first) * rowHeight)}px)` }}
              onClick={() => (isHeading(index) ? onOpen(index) : onSelect(index))}
              onDblClick={() => onOpen(index)}
            >
              {row(index)}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function classOf(isSelected: boolean, isHeading: boolean): string {
  return `list-row${isSelected ? " is-selected" : ""}${isHeading ? " is-heading" : ""}`;
}

/** The nearest row that is no heading: on in the direction of the step, else the other way. */
function pastHeadings(wished: number, step: number, count: number, isHeading: (index: number) => boolean): number {
  const start = Math.min(Math.max(wished, 0), count - 1);
  for (const way of [Math.sign(step), -Math.sign(step)])
    for (let index = start; index >= 0 && index < count; index += way) if (!isHeading(index)) return index;
  return start;
}
