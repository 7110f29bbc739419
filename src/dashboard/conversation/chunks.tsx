// A long list of items of any height: a part of it is made when it comes near, one part a frame, and stays.
// - Parts lie in stretches of which the browser looks only at those in sight: what is made above shifts all that lies
//   below, and to look at a thousand parts for that takes several frames. A stretch for each part would be as many to watch.
// - Of a stretch that never came near there is nothing but its guessed height: a session of a day has thousands of parts.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { inFrame } from "../frames.ts";
import type { Item } from "../model/conversation.ts";
import { Items, type Shared } from "./items.tsx";
import type { Nearness } from "./near.ts";

/** A part begins with a prompt, and after so many items: what comes into one turn leaves the parts of others as they are. */
const PER_CHUNK = 3;
/** Parts of a stretch. */
const USUAL_STRETCH = 12;
const MAX_STRETCH = 40;
/** Pixels of an item that was not made yet. */
const GUESSED_HEIGHT = 90;
interface Props {
  readonly items: readonly Item[];
  readonly shared: Shared;
  /** Index of the item that is made at once. */
  readonly first: number;
  /** All at once, to be printed. */
  readonly all: boolean;
}

export function Chunks({ items, shared, first, all }: Props) {
  const chunks = useMemo(() => chunksOf(items), [items]);
  const stretches = useMemo(() => stretchesOf(chunks), [chunks]);
  const wanted = chunks.findLastIndex(({ from }) => from <= first);
  return (
    <>
      {stretches.map((stretch) => (
        <OneStretch key={stretch.key} stretch={stretch} wanted={wanted} shared={shared} all={all} />
      ))}
    </>
  );
}

interface StretchProps {
  readonly stretch: Stretch;
  /** Index of the part that is made at once. */
  readonly wanted: number;
  readonly shared: Shared;
  readonly all: boolean;
}

function OneStretch({ stretch: { key, from, parts, guessed }, wanted, shared, all }: StretchProps) {
  const isWanted = all || (wanted >= from - 1 && wanted <= from + parts.length);
  const { box, isMade } = useMade(`stretch ${key}`, isWanted, shared, shared.ahead, (make) => {
    make(); // it is cheap, and its parts are to be watched before they come near
    return () => {};
  });
  const style = isMade ? { containIntrinsicSize: `auto ${guessed}px` } : { height: `${guessed}px` };
  return (
    <div class="talk-stretch" ref={box} style={style}>
      {isMade
        ? parts.map(({ key: name, items }, place) => (
            <Chunk
              key={name}
              name={name}
              items={items}
              shared={shared}
              now={all || Math.abs(from + place - wanted) <= 1}
            />
          ))
        : null}
    </div>
  );
}

/** Whether something of the list is made: at once, or when it has come near, as `plan` plans it; from then on it is. */
function useMade(name: string, now: boolean, shared: Shared, near: Nearness, plan: (make: () => void) => () => void) {
  const box = useRef<HTMLDivElement>(null);
  const [made, setMade] = useState(() => now || shared.made.has(name));
  const isMade = made || now;
  if (isMade) shared.made.add(name);
  useEffect(() => {
    const element = box.current;
    if (isMade || !element) return;
    let stop: () => void = () => {};
    const unwatch = near.watch(element, (isNear) => {
      stop();
      if (isNear) stop = plan(() => setMade(true));
    });
    return () => {
      unwatch();
      stop();
    };
  }, [isMade]);
  return { box, isMade };
}

interface Part {
  readonly key: string;
  /** Index of its first item. */
  readonly from: number;
  readonly items: Item[];
}

function chunksOf(items: readonly Item[]): Part[] {
  const chunks: Part[] = [];
  for (const [index, item] of items.entries()) {
    const last = chunks.at(-1);
    const begins = item.kind === "message" && item.role === "user" && !item.isNews;
    if (last && !begins && last.items.length < PER_CHUNK) last.items.push(item);
    else chunks.push({ key: item.id, from: index, items: [item] });
  }
  return chunks;
}

interface Stretch {
  readonly key: string;
  /** Index of its first part. */
  readonly from: number;
  readonly parts: Part[];
  /** Pixels that it may have, until it has been in sight. */
  guessed: number;
}

/** Where a stretch begins follows from the part alone: one that comes in between moves no others. */
function stretchesOf(parts: readonly Part[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const [index, part] of parts.entries()) {
    const last = stretches.at(-1);
    const guessed = part.items.length * GUESSED_HEIGHT;
    if (last && !beginsStretch(part.key) && last.parts.length < MAX_STRETCH) {
      last.parts.push(part);
      last.guessed += guessed;
    } else stretches.push({ key: part.key, from: index, parts: [part], guessed });
  }
  return stretches;
}

/** One in so many, by what its key is made of. */
function beginsStretch(key: string): boolean {
  let sum = 0;
  for (let at = 0; at < key.length; at++) sum = (sum * 31 + key.charCodeAt(at)) % 65_521;
  return sum % USUAL_STRETCH === 0;
}

interface ChunkProps {
  readonly name: string;
  readonly items: readonly Item[];
  readonly shared: Shared;
  readonly now: boolean;
}

function OneChunk({ name, items, shared, now }: ChunkProps) {
  const { box, isMade } = useMade(name, now, shared, shared.near, inFrame);
  return (
    <div class="talk-chunk" ref={box} style={isMade ? undefined : { minHeight: `${items.length * GUESSED_HEIGHT}px` }}>
      {isMade ? <Items items={items} shared={shared} /> : null}
    </div>
  );
}

/** Made again only where something in it is another: most of a long list stays as it is while a session goes on. */
function Chunk({ name, items, shared, now }: ChunkProps) {
  const signature = items.map(signatureOf).join(" ");
  return useMemo(() => <OneChunk name={name} items={items} shared={shared} now={now} />, [signature, shared, now]);
}

function signatureOf(item: Item): string {
  if (item.kind === "calls") return `${item.id}/${item.version}`;
  return item.kind === "message" ? `${item.id}/${item.final ?? ""}/${item.thoughts.length}` : item.id;
}
