// A long list of items of any height: a part of it is made when it comes near, one part a frame, and stays.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { inFrame } from "../frames.ts";
import type { Item } from "../model/conversation.ts";
import { Items, type Shared } from "./items.tsx";

/** A part begins with a prompt, and after so many items: what comes into one turn leaves the parts of others as they are. */
const PER_CHUNK = 3;
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
  const wanted = chunks.findLastIndex(({ from }) => from <= first);
  return (
    <>
      {chunks.map(({ key, items: some }, index) => (
        <Chunk key={key} name={key} items={some} shared={shared} now={all || Math.abs(index - wanted) <= 1} />
      ))}
    </>
  );
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

interface ChunkProps {
  readonly name: string;
  readonly items: readonly Item[];
  readonly shared: Shared;
  readonly now: boolean;
}

function OneChunk({ name, items, shared, now }: ChunkProps) {
  const box = useRef<HTMLDivElement>(null);
  const [made, setMade] = useState(() => now || shared.made.has(name));
  const isMade = made || now;
  if (isMade) shared.made.add(name);
  useEffect(() => {
    const element = box.current;
    if (isMade || !element) return;
    let stop: () => void = () => {};
    const unwatch = shared.near.watch(element, (isNear) => {
      stop();
      if (isNear) stop = inFrame(() => setMade(true));
    });
    return () => {
      unwatch();
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
function Chunk({ name, items, shared, now }: ChunkProps) {
  const signature = items.map(signatureOf).join(" ");
  return useMemo(() => <OneChunk name={name} items={items} shared={shared} now={now} />, [signature, shared, now]);
}

function signatureOf(item: Item): string {
  if (item.kind === "calls") return `${item.id}/${item.version}`;
  return item.kind === "message" ? `${item.id}/${item.final ?? ""}/${item.thoughts.length}` : item.id;
}
