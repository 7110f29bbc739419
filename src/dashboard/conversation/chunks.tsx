// A long list of items of any height: a part of it is made when it comes near, one part a frame, and stays.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Item } from "../model/conversation.ts";
import { Items, type Shared } from "./items.tsx";

const PER_CHUNK = 8;
/** Pixels of an item that was not made yet. */
const GUESSED_HEIGHT = 90;
/** How near it has to come, pixels. */
const NEAR = "1200px";

/** Parts that wait to be made. */
const waiting: (() => void)[] = [];
let isPlanned = false;

function makeNext(): void {
  waiting.shift()?.();
  isPlanned = waiting.length > 0;
  if (isPlanned) requestAnimationFrame(makeNext);
}

function whenIdle(make: () => void): () => void {
  waiting.push(make);
  if (!isPlanned) requestAnimationFrame(makeNext);
  isPlanned = true;
  return () => {
    const at = waiting.indexOf(make);
    if (at >= 0) waiting.splice(at, 1);
  };
}

interface Props {
  readonly items: readonly Item[];
  readonly shared: Shared;
  /** Index of the item that is made at once. */
  readonly first: number;
  /** All at once, to be printed. */
  readonly all: boolean;
}

export function Chunks({ items, shared, first, all }: Props) {
  const chunks: Item[][] = [];
  for (let at = 0; at < items.length; at += PER_CHUNK) chunks.push(items.slice(at, at + PER_CHUNK));
  const wanted = Math.floor(first / PER_CHUNK);
  return (
    <>
      {chunks.map((chunk, index) => (
        <Chunk key={index} items={chunk} shared={shared} now={all || Math.abs(index - wanted) <= 1} />
      ))}
    </>
  );
}

function OneChunk({ items, shared, now }: { items: readonly Item[]; shared: Shared; now: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const [made, setMade] = useState(now);
  const isMade = made || now;
  useEffect(() => {
    const element = box.current;
    if (isMade || !element) return;
    let stop: () => void = () => {};
    const near = new IntersectionObserver(
      ([entry]) => {
        stop();
        if (entry?.isIntersecting) stop = whenIdle(() => setMade(true));
      },
      { root: element.closest(".talk-scroll"), rootMargin: `${NEAR} 0px` },
    );
    near.observe(element);
    return () => {
      near.disconnect();
      stop();
    };
  }, [isMade]);
  return (
    <div
      class="talk-chunk"
      ref={box}
      data-items={items.map(({ id }) => id).join(" ")}
      style={isMade ? undefined : { minHeight: `${items.length * GUESSED_HEIGHT}px` }}
    >
      {isMade ? <Items items={items} shared={shared} /> : null}
    </div>
  );
}

/** Made again only where something in it is another: most of a long list stays as it is while a session goes on. */
function Chunk({ items, shared, now }: { items: readonly Item[]; shared: Shared; now: boolean }) {
  const signature = items.map(signatureOf).join(" ");
  return useMemo(() => <OneChunk items={items} shared={shared} now={now} />, [signature, shared, now]);
}

function signatureOf(item: Item): string {
  if (item.kind === "calls") return `${item.id}/${item.version}`;
  return item.kind === "message" ? `${item.id}/${item.final ?? ""}/${item.thoughts.length}` : item.id;
}
