// A long list of links: only what is in sight is in the document. Arrow keys, j and k move from one to the next.
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
  readonly keyOf: (index: number) => string;
  /** The end is in sight. */
  readonly onEnd: () => void;
}

export function Windowed({ name, label, count, height, item, keyOf, onEnd }: Props) {
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
    <div class="windowed" ref={box} onScroll={scrolled} onKeyDown={move}>
      <ul aria-label={label} style={{ height: `${count * height}px` }}>
        {Array.from({ length: Math.max(last - first, 0) }, (_, offset) => {
          const index = first + offset;
          return (
            <li
              key={keyOf(index)}
              style={{ transform: `translateY(${index * height}px)`, height: `${height}px` }}
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
