// Search: full text over everything stored, with filters. The link is the search: it can be kept, shared and gone back to.

import { useEffect, useRef, useState } from "preact/hooks";
import { HOOK_EVENTS } from "../../contract/catalog.ts";
import type { EventRow } from "../../contract/row.ts";
import { ask, type Failure } from "../api.ts";
import { now } from "../clock.ts";
import { sessions } from "../live.ts";
import { plural, projectName } from "../model/format.ts";
import { isEmpty, paramsOf, type Query, queryFrom, requestOf } from "../model/query.ts";
import { fromRoot } from "../model/session.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { EventLine } from "../part/line.tsx";
import { VirtualList } from "../part/list.tsx";
import { savedSearches } from "../preferences.ts";
import { go, linkTo, replace, route } from "../route.ts";
import { EventPanel } from "./event.tsx";

const PAGE = 200;
const TYPING_PAUSE_MS = 150;
const TOOLS = ["Bash", "Read", "Edit", "Write", "Grep", "Glob", "Agent", "WebFetch", "WebSearch", "TodoWrite"];

interface Found {
  readonly rows: readonly EventRow[];
  readonly more: boolean;
  readonly error?: Failure;
  readonly asked: string;
}

export function SearchView() {
  const query = queryFrom(route.value.params);
  const [found, setFound] = useState<Found | undefined>();
  const [busy, setBusy] = useState(false);
  const [selected, setSelected] = useState(-1);
  const loading = useRef(false);
  const asked = requestOf(query).toString();

  useEffect(() => {
    const gone = new AbortController();
    setBusy(true);
    const wait = setTimeout(async () => {
      const page = await readPage(asked, undefined, gone.signal);
      if (gone.signal.aborted) return;
      setFound(page);
      setSelected(-1);
      setBusy(false);
    }, TYPING_PAUSE_MS);
    return () => {
      clearTimeout(wait);
      gone.abort();
    };
  }, [asked]);

  const more = async (): Promise<void> => {
    const last = found?.rows.at(-1);
    if (!found?.more || !last || loading.current || found.asked !== asked) return;
    loading.current = true;
    const page = await readPage(asked, last.n, undefined);
    loading.current = false;
    setFound((before) => (before?.asked === page.asked ? { ...page, rows: [...before.rows, ...page.rows] } : before));
  };
  const change = (part: Partial<Query>): void => replace(linkTo("search", "", paramsOf({ ...query, ...part })));
  const rows = found?.rows ?? [];
  const chosen = rows[selected];
  return (
    <div class={chosen ? "search has-event" : "search"}>
      <h1 class="hidden">Search</h1>
      <Form query={query} change={change} />
      <p class="counts num" role="status">
        {describe(found)}
      </p>
      {found?.error ? <Failed message={found.error.message} /> : null}
      {busy && !found ? <Loading text="Searching…" /> : null}
      {found && rows.length === 0 && !found.error ? <NothingFound query={query} /> : null}
      <div class="search-body" hidden={rows.length === 0}>
        <VirtualList
          id="found"
          label="Found events"
          count={rows.length}
          selected={selected}
          scrollTo={selected >= 0 ? { index: selected, place: "near" } : undefined}
          onSelect={setSelected}
          onOpen={(index) => go(linkTo("event", rows[index]?.id ?? ""))}
          onEnd={() => void more()}
          row={(index) => {
            const row = rows[index];
            return row ? <EventLine row={shortened(row)} now={now.value} place={placeOf(row)} /> : null;
          }}
        />
        {chosen ? (
          <aside class="session-event" aria-label="Chosen event">
            <button
              type="button"
              class="button is-quiet close"
              aria-label="Close the event"
              data-key="Escape"
              onClick={() => setSelected(-1)}
            >
              ✕
            </button>
            <EventPanel id={chosen.id} />
          </aside>
        ) : null}
      </div>
    </div>
  );
}

async function readPage(asked: string, before: number | undefined, signal: AbortSignal | undefined): Promise<Found> {
  const params = new URLSearchParams(asked);
  params.set("view", "rows");
  params.set("limit", String(PAGE));
  if (before !== undefined) params.set("before", String(before));
  const page = await ask("rows", { query: params, ...(signal ? { signal } : {}) });
  if (!page.ok) return { rows: [], more: false, error: page.reason, asked };
  return { rows: page.value.events, more: page.value.events.length === PAGE, asked };
}

function shortened(row: EventRow): EventRow {
  return { ...row, text: fromRoot(row.text ?? "", sessions.value.get(row.session)?.project ?? "") };
}

function placeOf(row: EventRow): string {
  const session = sessions.value.get(row.session);
  return session ? projectName(session) : row.session.slice(0, 8);
}

function describe(found: Found | undefined): string {
  if (!found || found.rows.length === 0) return "";
  return `${plural(found.rows.length, "event")}${found.more ? " so far, newest first; scroll for more" : ", newest first"}`;
}

function NothingFound({ query }: { query: Query }) {
  return (
    <div class="empty">
      <h2>{isEmpty(query) ? "Nothing is stored yet" : "Nothing matches"}</h2>
      <p>
        {isEmpty(query)
          ? "The first event of a session can be found here the moment it arrives."
          : "Words are searched in all of an event's text; all of them must be there. Fewer words or filters find more."}
      </p>
    </div>
  );
}

function Form({ query, change }: { query: Query; change: (part: Partial<Query>) => void }) {
  const projects = [...new Set([...sessions.value.values()].map((session) => session.project).filter(Boolean))].sort();
  const text = (key: "session" | "agent" | "tool" | "event" | "project", label: string, list: readonly string[]) => (
    <label>
      <span>{label}</span>
      <input
        class="field"
        list={list.length > 0 ? `list-${key}` : undefined}
        value={query[key]}
        placeholder="any"
        onInput={(event) => change({ [key]: event.currentTarget.value })}
      />
      {list.length > 0 ? (
        <datalist id={`list-${key}`}>
          {list.map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      ) : null}
    </label>
  );
  const time = (key: "since" | "until", label: string) => (
    <label>
      <span>{label}</span>
      <input
        class="field"
        type="datetime-local"
        value={query[key]}
        onInput={(event) => change({ [key]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <search class="search-form">
      <input
        type="search"
        class="field search-words"
        aria-label="Words to find"
        placeholder="Words to find: a command, a file, an error. begin* finds beginnings"
        data-key="/"
        value={query.q}
        onInput={(event) => change({ q: event.currentTarget.value })}
      />
      <div class="search-filters">
        {text("project", "Project", projects)}
        {text("session", "Session", [])}
        {text(
          "event",
          "Event",
          HOOK_EVENTS.map((event) => event.name),
        )}
        {text("tool", "Tool", TOOLS)}
        {text("agent", "Agent", [])}
        {time("since", "Since")}
        {time("until", "Until")}
        <label class="check">
          <input
            type="checkbox"
            checked={query.failed}
            onChange={(event) => change({ failed: event.currentTarget.checked })}
          />
          <span>Failed only</span>
        </label>
      </div>
      <Saved query={query} />
    </search>
  );
}

function Saved({ query }: { query: Query }) {
  const params = paramsOf(query).toString();
  const kept = savedSearches.value;
  const known = kept.find((search) => search.params === params);
  const save = (): void => {
    savedSearches.value = [...kept, { name: nameOf(query), params }];
  };
  return (
    <div class="saved">
      {kept.map((search) => (
        <span key={search.params} class={search.params === params ? "chip is-on" : "chip"}>
          <a href={linkTo("search", "", new URLSearchParams(search.params))}>{search.name}</a>
          <button
            type="button"
            aria-label={`Forget ${search.name}`}
            onClick={() => {
              savedSearches.value = kept.filter((other) => other !== search);
            }}
          >
            ✕
          </button>
        </span>
      ))}
      {params !== "" && !known ? (
        <button type="button" class="button is-quiet" onClick={save}>
          Save this search
        </button>
      ) : null}
      {params !== "" ? (
        <a class="button is-quiet" href={linkTo("search")}>
          Clear
        </a>
      ) : null}
    </div>
  );
}

/** "npm test, Bash, failed": what a person would call it. */
function nameOf(query: Query): string {
  const project = query.project.split("/").findLast(Boolean) ?? "";
  const parts = [query.q, project, query.event, query.tool, query.agent, query.session.slice(0, 8)];
  return [...parts, query.failed ? "failed" : "", query.since.slice(0, 10)].filter(Boolean).join(", ");
}
