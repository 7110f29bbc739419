// JSON as people read it: indented, foldable, strings marked like everywhere else. Built from nodes, never from markup.

import { useState } from "preact/hooks";
import { plural } from "../model/format.ts";
import { Scrollable } from "./scrollable.tsx";
import { Marked } from "./text.tsx";

const OPEN_DEPTH = 3;
const ENTRIES_AT_FIRST = 200;
const MAX_DEPTH = 200;

export function Json({ value }: { value: unknown }) {
  return (
    <Scrollable className="json" label="JSON">
      <Value value={value} depth={0} />
    </Scrollable>
  );
}

function Value({ value, depth }: { value: unknown; depth: number }) {
  if (typeof value === "string")
    return (
      <span class="j-string">
        "<Marked text={JSON.stringify(value).slice(1, -1).replaceAll("\\n", "\\n\n").replaceAll('\\"', '"')} />"
      </span>
    );
  if (typeof value !== "object" || value === null) return <span class="j-atom">{String(value)}</span>;
  if (depth >= MAX_DEPTH) return <span class="j-atom">…</span>;
  return <Container value={value} depth={depth} />;
}

function Container({ value, depth }: { value: object; depth: number }) {
  const [open, setOpen] = useState(depth < OPEN_DEPTH);
  const [shown, setShown] = useState(ENTRIES_AT_FIRST);
  const isArray = Array.isArray(value);
  const entries = Object.entries(value);
  const [begin, end] = isArray ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0)
    return (
      <span>
        {begin}
        {end}
      </span>
    );
  if (!open)
    return (
      <button type="button" class="j-fold" aria-expanded={false} onClick={() => setOpen(true)}>
        {begin} {plural(entries.length, isArray ? "entry" : "field", isArray ? "entries" : "fields")} {end}
      </button>
    );
  return (
    <span>
      {depth === 0 ? (
        begin
      ) : (
        <button type="button" class="j-fold" aria-expanded={true} aria-label="fold" onClick={() => setOpen(false)}>
          {begin}
        </button>
      )}
      <ul>
        {entries.slice(0, shown).map(([key, entry]) => (
          <li key={key}>
            {isArray ? null : (
              <>
                <span class="j-key">
                  <Marked text={key} />
                </span>
                :{" "}
              </>
            )}
            <Value value={entry} depth={depth + 1} />
          </li>
        ))}
      </ul>
      {entries.length > shown ? (
        <button type="button" class="j-fold" onClick={() => setShown(shown * 4)}>
          {entries.length - shown} more
        </button>
      ) : null}
      {end}
    </span>
  );
}
