// Go to anything by a few letters of it: views, projects, sessions. Ctrl-K or Cmd-K opens it, arrows choose, Enter goes.

import { useEffect, useRef, useState } from "preact/hooks";
import type { SessionSummary } from "../contract/session.ts";
import { useAnswer } from "./answer.ts";
import { ask } from "./api.ts";
import { now } from "./clock.ts";
import { helpOpen, paletteOpen } from "./keys.ts";
import { sessions } from "./live.ts";
import { ago, projectName } from "./model/format.ts";
import { fit } from "./model/fuzzy.ts";
import { sessionName } from "./model/name.ts";
import { projectNames, useProjects } from "./projects.ts";
import { go, linkTo } from "./route.ts";
import { listed } from "./views.ts";

const MOST_SESSIONS = 8;
const MOST_PROJECTS = 5;
const TYPING_PAUSE_MS = 100;

interface Entry {
  readonly key: string;
  readonly kind: "view" | "project" | "session" | "search" | "help";
  readonly text: string;
  readonly about?: string;
  readonly go: () => void;
}

export function Palette() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = useSessions(typed);
  const names = projectNames(useProjects());
  const entries = entriesOf(typed, names, found);
  const chosen = Math.min(at, entries.length - 1);
  const close = (): void => {
    paletteOpen.value = false;
  };
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => document.getElementById(`palette-${chosen}`)?.scrollIntoView({ block: "nearest" }), [chosen]);
  const open = (entry: Entry | undefined): void => {
    if (!entry) return;
    close();
    entry.go();
  };
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setAt((chosen + step + entries.length) % entries.length);
    else if (event.key === "Enter") open(entries[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} class="palette" aria-label="Go to" onClose={close} closedby="any">
      <input
        class="field"
        role="combobox"
        aria-label="Go to a view, a project or a session"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={entries.length > 0 ? `palette-${chosen}` : undefined}
        aria-autocomplete="list"
        placeholder="Go to a view, a project, a session"
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={move}
      />
      <div id="palette-list" role="listbox" aria-label="Places">
        {entries.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the field
          <div
            key={entry.key}
            id={`palette-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            class={index === chosen ? "place is-selected" : "place"}
            onClick={() => open(entry)}
            onMouseMove={() => setAt(index)}
          >
            <span class="kind">{entry.kind}</span>
            <span class="text">{entry.text}</span>
            <span class="about">{entry.about}</span>
          </div>
        ))}
      </div>
    </dialog>
  );
}

function entriesOf(typed: string, projects: readonly string[], found: readonly SessionSummary[]): Entry[] {
  const views = listed().map(
    (view): Entry => ({
      key: `view ${view.path}`,
      kind: "view",
      text: view.title,
      about: view.key,
      go: () => go(linkTo(view.path)),
    }),
  );
  const help: Entry = {
    key: "help",
    kind: "help",
    text: "Keyboard shortcuts",
    about: "?",
    go: () => {
      helpOpen.value = true;
    },
  };
  const ofProjects = projects.map(
    (name): Entry => ({
      key: `project ${name}`,
      kind: "project",
      text: name,
      go: () => go(linkTo("sessions", "", new URLSearchParams({ project: name }))),
    }),
  );
  const words = typed.trim();
  const search: Entry = {
    key: "search",
    kind: "search",
    text: `Search all events for “${words}”`,
    go: () => go(linkTo("search", "", new URLSearchParams({ q: words }))),
  };
  return [
    ...fitting(typed, views),
    ...(words ? fitting(typed, ofProjects).slice(0, MOST_PROJECTS) : []),
    ...found.map(entryOf),
    ...(words ? [...fitting(typed, [help]), search] : [help]),
  ];
}

function entryOf(session: SessionSummary): Entry {
  return {
    key: session.id,
    kind: "session",
    text: sessionName(session),
    about: `${projectName(session)}, ${session.state}, ${ago(session.lastAt, now.peek())}`,
    go: () => go(linkTo("session", session.id)),
  };
}

function fitting(typed: string, entries: readonly Entry[]): Entry[] {
  return entries
    .flatMap((entry) => {
      const score = fit(typed, entry.text);
      return score === undefined ? [] : [{ entry, score }];
    })
    .sort((a, b) => b.score - a.score)
    .map(({ entry }) => entry);
}

/** Those at hand that fit, and then those of the store that have the words. */
function useSessions(typed: string): readonly SessionSummary[] {
  const words = typed.trim();
  const query = new URLSearchParams({ q: words, limit: String(MOST_SESSIONS) });
  const { value } = useAnswer(words || undefined, (signal) => ask("sessions", { query, signal }), {
    pauseMs: TYPING_PAUSE_MS,
  });
  const stored = value?.sessions ?? [];
  const near = [...sessions.peek().values()]
    .flatMap((session) => {
      const score = fit(typed, `${sessionName(session)} ${projectName(session)}`);
      return score === undefined ? [] : [{ session, score }];
    })
    .sort((a, b) => b.score - a.score || b.session.lastAt - a.session.lastAt)
    .slice(0, MOST_SESSIONS)
    .map(({ session }) => session);
  const ids = new Set(stored.map(({ id }) => id));
  return [...stored, ...near.filter(({ id }) => !ids.has(id))].slice(0, MOST_SESSIONS);
}
