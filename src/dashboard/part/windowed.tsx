// A long list of links: only what is in sight is in the document. Arrow keys, j and k move from one to the next.
// - What leaves at one end is made into what comes in at the other: to make lines anew would cost a fast scroll its frames.
// - The last place is kept with the entry of the history (place.ts).

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { keepScroll } from "../place.ts";

const SPARE = 8;

interface Props {
  /** Unique on the page. */
  readonly name: string;
  readonly label: string;
  readonly count: number;
  /** Pixels of an item. */
  readonly height: number;
  readonly item: (index: number) => ComponentChildren;
  /** The end is in sight. */
  readonly onEnd: () => void;
}

export function Windowed({ name, label, count, height, item, onEnd }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [room, setRoom] = useState(600);
  const frame = useRef(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setRoom(element.clientHeight));
    observer.observe(element);
    setRoom(element.clientHeight);
    const stop = keepScroll(element, name);
    return () => {
      stop();
      observer.disconnect();
      cancelAnimationFrame(frame.current);
    };
  }, []);
  const first = Math.max(Math.floor(top / height) - SPARE, 0);
  const last = Math.min(Math.ceil((top + room) / height) + SPARE, count);
  // As many lines as there may be: one that leaves has the place of the one that comes.
  const slots = Math.ceil(room / height) + 2 * SPARE + 1;
  const focused = useRef<{ readonly link: Element; readonly index: number } | undefined>(undefined);
  useLayoutEffect(() => {
    // Whoever has scrolled away from the line with the focus does not find it on another one.
    const { link, index } = focused.current ?? {};
    if (index !== undefined && (index < first || index >= last) && link === document.activeElement)
      box.current?.focus({ preventScroll: true });
  });
  const focus = (event: FocusEvent): void => {
    const link = event.target;
    const index = link instanceof HTMLElement ? Number(link.closest("li")?.ariaPosInSet ?? 0) - 1 : -1;
    focused.current = link instanceof Element && index >= 0 ? { link, index } : undefined;
  };
  useEffect(() => {
    if (last >= count) onEnd();
  }, [last, count]);
  const scrolled = (): void => {
    frame.current ||= requestAnimationFrame(() => {
      frame.current = 0;
      if (box.current) setTop(box.current.scrollTop);
    });
  };
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    const element = box.current;
    if (step === undefined || !element || event.ctrlKey || event.metaKey || event.altKey) return;
    const links = [...element.querySelectorAll<HTMLAnchorElement>("a")];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    const next =
      at < 0
        ? links.find((link) => link.getBoundingClientRect().top >= element.getBoundingClientRect().top)
        : links[at + step];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys move the focus between its links
    <div class="windowed" ref={box} onScroll={scrolled} onKeyDown={move} onFocusIn={focus} tabIndex={-1}>
      <ul aria-label={label} style={{ height: `${count * height}px` }}>
        {Array.from({ length: Math.max(last - first, 0) }, (_, offset) => {
          const index = first + offset;
          return (
            <li
              key={index % slots}
              style={{ top: `${index * height}px`, height: `${height}px` }}
              aria-setsize={count}
              aria-posinset={index + 1}
            >
              {item(index)}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
