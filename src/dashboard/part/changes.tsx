// Changed files in a list: how much, by whom, in which turns; each opens to how it differs.

import type { ChangedFile } from "../../contract/changes.ts";
import { useAnswer } from "../answer.ts";
import { ask } from "../api.ts";
import { now } from "../clock.ts";
import { patchLines } from "../model/diff.ts";
import { moment, number, plural } from "../model/format.ts";
import { linkTo } from "../route.ts";
import { Blocks } from "./blocks.tsx";
import { Marked } from "./text.tsx";

interface Props {
  readonly file: ChangedFile;
  readonly session: string;
  /** The project's directory: the path is shown from there. */
  readonly root: string;
  readonly open: boolean;
  readonly onToggle: () => void;
  /** What else is to be said of it. */
  readonly about?: preact.ComponentChildren;
}

export function FileRow({ file, session, root, open, onToggle, about }: Props) {
  const { path, edits, added, removed, created, turns, lastAt } = file;
  const shown = root !== "" && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
  const slash = shown.lastIndexOf("/") + 1;
  return (
    <li class={open ? "file is-open" : "file"}>
      <button type="button" class="file-name" aria-expanded={open} title={path} onClick={onToggle}>
        <span class="mark" aria-hidden="true">
          {open ? "▾" : "▸"}
        </span>
        <span class="path">
          <span class="muted">
            <Marked text={shown.slice(0, slash)} />
          </span>
          <Marked text={shown.slice(slash)} />
        </span>
        {added + removed > 0 ? (
          <span class="num lines">
            <span class="plus">+{number(added)}</span> <span class="minus">−{number(removed)}</span>
          </span>
        ) : null}
      </button>
      <p class="meta num">
        {created ? <span>new</span> : null}
        <span>{plural(edits, "edit")}</span>
        <span>by {authors(file)}</span>
        {turns.length > 0 ? (
          <span>
            {turns.length === 1 ? "turn" : "turns"}{" "}
            {turns.slice(0, MAX_TURNS).map((turn, index) => (
              <>
                {index > 0 ? ", " : ""}
                <a href={linkTo("session", session, new URLSearchParams({ tab: "turns", turn: String(turn) }))}>
                  {turn}
                </a>
              </>
            ))}
            {turns.length > MAX_TURNS ? ", …" : ""}
          </span>
        ) : null}
        <span>{moment(lastAt, now.value)}</span>
        {about}
      </p>
      {open ? <Difference session={session} path={path} lastAt={lastAt} /> : null}
    </li>
  );
}

const MAX_TURNS = 12;

function authors({ agents, types = {} }: ChangedFile): string {
  const names = agents.map((id) => (id === "" ? "Claude" : (types[id] ?? `subagent ${id.slice(0, 8)}`)));
  return [...new Set(names)].join(", ");
}

function Difference({ session, path, lastAt }: { session: string; path: string; lastAt: number }) {
  const query = new URLSearchParams({ path, diff: "1" });
  const { value, error } = useAnswer(`${session} ${path} ${lastAt}`, (signal) =>
    ask("files", { parts: { id: session }, query, signal }),
  );
  const diff = value?.diff;
  if (error && !diff) return <p class="is-bad">{error.message}</p>;
  if (!diff) return null;
  const lines = patchLines(diff.hunks);
  return (
    <div class="file-diff">
      {diff.of === "steps" ? (
        <p class="muted">One edit after the other: the whole text of the file is not stored.</p>
      ) : null}
      {lines.length === 0 ? (
        <p class="muted">It is as it was before.</p>
      ) : (
        <Blocks blocks={[{ kind: "diff", title: "", lines }]} />
      )}
    </div>
  );
}
