// Search: full text over everything stored, with filters. The link is the search: it can be kept, shared and gone back to.
// - What is found is listed by session, one row a call, each with the place that matched.
// - A search that takes long is shown as far as it came, and goes on by itself for a while.

import { useEffect, useRef, useState } from "preact/hooks";
import { HOOK_EVENTS } from "../../contract/catalog.ts";
import { baseName } from "../../contract/project.ts";
import type { FoundRow } from "../../contract/routes.ts";
import { useAgain } from "../again.ts";
import { ask, type Failure } from "../api.ts";
import { now } from "../clock.ts";
import { sessions, want } from "../live.ts";
import { DAYS } from "../model/days.ts";
import { moment, plural, projectName } from "../model/format.ts";
import { type HitItem, itemsOf } from "../model/hits.ts";
import { sessionName, shortId } from "../model/name.ts";
import {
  countFilters,
  isEmpty,
  localInput,
  paramsOf,
  type Query,
  queryFrom,
  requestOf,
  wholeWords,
} from "../model/query.ts";
import { fromRoot } from "../model/session.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { Choice, Filters, Suggested } from "../part/filters.tsx";
import { EventLine } from "../part/line.tsx";
import { VirtualList } from "../part/list.tsx";
import { Marked } from "../part/text.tsx";
import { missesSome } from "../part/withheld.tsx";
import { keptScroll } from "../place.ts";
import { savedSearches } from "../preferences.ts";
import { projectNames, useProjects } from "../projects.ts";
import { go, linkTo, linkWith, replace, route } from "../route.ts";
import { EventBeside } from "./beside.tsx";

const PAGE = 200;
const MAX_PAGE = 1000;
/** Of a list that is scrolled further, more is read at once. */
const DEEP_PX = 4000;
const TYPING_PAUSE_MS = 150;
/** A search answers within so long, whatever it has found: at first, and when it goes on. */
const FIRST_MS = 250;
const FURTHER_MS = 1000;
/** So often it goes on before a person has to say so. */
const BY_ITSELF = 30;
const TOOLS = ["Bash", "Read", "Edit", "Write", "Grep", "Glob", "Agent", "WebFetch", "WebSearch", "TodoWrite"];
const OWN_TIMES = "own";

interface Found {
  readonly items: readonly HitItem[];
  readonly last: number | undefined;
  readonly more: boolean;
  readonly error?: Failure;
  readonly asked: string;
  /** Where the search has not come to its end. */
  readonly reached?: { readonly t?: number | undefined } | undefined;
  /** Rows that would still fill the page. */
  readonly wanted: number;
  readonly unindexed?: number | undefined;
}

/** What was found last: gone back to, it is there at once. */
let shown: Found | undefined;

export function SearchView() {
  const query = queryFrom(route.value.params);
  const asked = paramsOf(query).toString();
  const { found, busy, more, isGoingOn, goOn } = useFound(query, asked);
  const change = (part: Partial<Query>): void => replace(linkTo("search", "", paramsOf({ ...query, ...part })));
  const items = found?.items ?? [];
  const chosen = route.value.params.get("hit");
  const selected = chosen ? items.findIndex((item) => item.kind === "hit" && item.row.id === chosen) : -1;
  const select = (index: number): void => {
    const item = items[index];
    if (item?.kind === "hit") replace(linkWith({ hit: item.row.id }));
  };
  const open = (index: number): void => {
    const item = items[index];
    if (item?.kind === "hit") go(linkTo("event", item.row.id));
    if (item?.kind === "session") go(linkTo("session", item.session));
  };
  return (
    <div class={chosen ? "search has-event" : "search"}>
      <h1 class="hidden">Search</h1>
      <Form query={query} change={change} />
      <p class="counts num" role="status">
        {describe(found)}
      </p>
      {found?.unindexed ? (
        <p class="counts">{plural(found.unindexed, "event")} cannot be searched yet: the index cannot be written.</p>
      ) : null}
      {found?.error ? <Failed message={found.error.message} /> : null}
      {busy && !found ? <Loading text="Searching…" /> : null}
      {found?.reached && !found.error ? (
        <Reached t={found.reached.t} isEmpty={items.length === 0} isGoingOn={isGoingOn} goOn={goOn} />
      ) : null}
      {found && items.length === 0 && !found.reached && !found.error ? (
        <NothingFound query={query} change={change} />
      ) : null}
      <div class="search-body" hidden={items.length === 0}>
        {items.length > 0 ? (
          <VirtualList
            key={found?.asked}
            id="found"
            label="Found events"
            count={items.length}
            selected={selected}
            scrollTo={selected >= 0 ? { index: selected, place: "near" } : undefined}
            keepsPlace
            isHeading={(index) => items[index]?.kind === "session"}
            onSelect={select}
            onOpen={open}
            onEnd={more}
            row={(index) => <Item item={items[index]} />}
          />
        ) : null}
        {chosen ? <EventBeside id={chosen} onClose={() => replace(linkWith({ hit: undefined }))} /> : null}
      </div>
    </div>
  );
}

interface Finding {
  readonly found: Found | undefined;
  readonly busy: boolean;
  readonly more: () => void;
  /** Whether the search goes on by itself. */
  readonly isGoingOn: boolean;
  readonly goOn: () => void;
}

function useFound(query: Query, asked: string): Finding {
  const [found, setFound] = useState(shown?.asked === asked ? shown : undefined);
  const [busy, setBusy] = useState(false);
  const loading = useRef(false);
  /** How often it may still go on by itself. */
  const [left, setLeft] = useState(BY_ITSELF);
  const again = useAgain(found?.error);
  shown = found?.asked === asked ? found : shown;
  useEffect(() => {
    if (found?.asked === asked && !found.error) return;
    const gone = new AbortController();
    setBusy(true);
    setLeft(BY_ITSELF);
    const wait = setTimeout(
      async () => {
        const isDeep = found === undefined && keptScroll("found") > DEEP_PX;
        const page = await readPage(query, asked, {
          limit: isDeep ? MAX_PAGE : PAGE,
          withinMs: FIRST_MS,
          signal: gone.signal,
        });
        if (gone.signal.aborted) return;
        setFound(page);
        setBusy(false);
      },
      found ? TYPING_PAUSE_MS : 0,
    );
    return () => {
      clearTimeout(wait);
      gone.abort();
    };
  }, [asked, again]);
  const more = (): void => {
    if (!found?.more || found.last === undefined || loading.current || found.asked !== asked) return;
    loading.current = true;
    const limit = found.wanted || PAGE;
    void readPage(query, asked, { limit, before: found.last, withinMs: FURTHER_MS }).then((page) => {
      loading.current = false;
      if (page.error) setLeft(0);
      setFound((before) =>
        before?.asked === page.asked && !page.error ? { ...page, items: [...before.items, ...page.items] } : before,
      );
    });
  };
  const isGoingOn = left > 0 && found?.reached !== undefined && found.wanted > 0;
  useEffect(() => {
    if (!isGoingOn || found.asked !== asked) return;
    setLeft(left - 1);
    more();
  }, [found]);
  const goOn = (): void => {
    setLeft(BY_ITSELF);
    more();
  };
  return { found, busy, more, isGoingOn, goOn };
}

interface ReachedProps {
  readonly t: number | undefined;
  readonly isEmpty: boolean;
  readonly isGoingOn: boolean;
  readonly goOn: () => void;
}

/** How far back a search has come that is not at its end. */
function Reached({ t, isEmpty, isGoingOn, goOn }: ReachedProps) {
  const where = t === undefined ? "" : `Looked back to ${moment(t, now.value)}. `;
  return (
    <p class="counts">
      {isEmpty ? "Nothing found yet. " : ""}
      {where}
      {isGoingOn ? (
        "Looking further…"
      ) : (
        <button type="button" class="button is-quiet" onClick={goOn}>
          Look further
        </button>
      )}
    </p>
  );
}

interface Wish {
  readonly limit: number;
  readonly withinMs: number;
  readonly before?: number;
  readonly signal?: AbortSignal;
}

async function readPage(query: Query, asked: string, { limit, withinMs, before, signal }: Wish): Promise<Found> {
  const params = requestOf(query, Date.now());
  params.set("view", "rows");
  params.set("limit", String(limit));
  if (before !== undefined) params.set("before", String(before));
  if (query.q !== "") params.set("withinMs", String(withinMs));
  const page = await ask("rows", { query: params, ...(signal ? { signal } : {}) });
  if (!page.ok) return { items: [], last: undefined, more: false, error: page.reason, asked, wanted: 0 };
  const rows = page.value.events;
  void want(rows.map(({ session }) => session));
  const { unindexed, reached, next } = page.value;
  const wanted = reached ? limit - rows.length : 0;
  const last = next.before ?? undefined;
  return { items: itemsOf(rows), last, more: last !== undefined, asked, reached, wanted, unindexed };
}

function Item({ item }: { item: HitItem | undefined }) {
  if (item?.kind === "session") return <Heading id={item.session} hits={item.hits} />;
  return item ? <EventLine row={shortened(item.row)} now={now.value} snippet={item.row.snippet} /> : null;
}

function Heading({ id, hits }: { id: string; hits: number }) {
  const session = sessions.value.get(id);
  return (
    <div class="hits-of" title="Open the session">
      <strong>{session ? projectName(session) : shortId(id)}</strong>
      <span class="title">{session ? <Marked text={sessionName(session)} /> : null}</span>
      <span class="num muted">{plural(hits, "hit")}</span>
    </div>
  );
}

function shortened(row: FoundRow): FoundRow {
  return { ...row, text: fromRoot(row.text ?? "", sessions.value.get(row.session)?.project ?? "") };
}

function describe(found: Found | undefined): string {
  if (!found || found.items.length === 0) return "";
  const hits = found.items.filter(({ kind }) => kind === "hit").length;
  const among = new Set(found.items.flatMap((item) => (item.kind === "session" ? [item.session] : [])));
  const where = `${plural(hits, "hit")} in ${plural(among.size, "session")}`;
  return `${where}${found.more ? " so far, newest first" : ", newest first"}`;
}

function NothingFound({ query, change }: { query: Query; change: (part: Partial<Query>) => void }) {
  if (isEmpty(query))
    return (
      <div class="empty">
        <h2>Nothing is stored yet</h2>
        <p>The first event of a session can be found here the moment it arrives.</p>
      </div>
    );
  const words = wholeWords(query.q);
  const beginnings = query.q.replace(/\S+/g, (word) => (words.includes(word) ? `${word}*` : word));
  const filters = countFilters(query);
  return (
    <div class="empty">
      <h2>Nothing matches</h2>
      <p>
        {query.q ? "Words are found whole, and all of them must be there." : "No event fits all of these filters."}
        {filters > 0 && query.q ? " The filters narrow it, too." : ""}
        {query.q && missesSome() ? " What machines do not share cannot be found." : ""}
      </p>
      <p class="offers">
        {words.length > 0 ? (
          <button type="button" class="button" onClick={() => change({ q: beginnings })}>
            Search for {beginnings}
          </button>
        ) : null}
        {words.length > 1 ? (
          <button type="button" class="button" onClick={() => change({ q: words.join(" OR ") })}>
            Search for {words.join(" OR ")}
          </button>
        ) : null}
        {filters > 0 && query.q ? (
          <a class="button" href={linkTo("search", "", new URLSearchParams({ q: query.q }))}>
            Without filters
          </a>
        ) : null}
      </p>
    </div>
  );
}

function Form({ query, change }: { query: Query; change: (part: Partial<Query>) => void }) {
  const names = projectNames(useProjects());
  const [own, setOwn] = useState(false);
  const hasOwnTimes = !query.day && (own || query.since !== "" || query.until !== "");
  const time = (key: "since" | "until", label: string) => (
    <label class="is-time">
      <span>{label}</span>
      <input
        class="field"
        type="datetime-local"
        value={localInput(query[key])}
        onInput={(event) => change({ [key]: event.currentTarget.value, day: "" })}
      />
    </label>
  );
  return (
    <search class="list-form search-form">
      <input
        type="search"
        class="field search-words"
        aria-label="Words to find"
        aria-describedby="search-help"
        placeholder="Words to find: a command, a file, an error"
        data-key="/"
        value={query.q}
        onInput={(event) => change({ q: event.currentTarget.value })}
      />
      <Filters count={countFilters(query)}>
        <Suggested
          id="project"
          label="Project"
          value={query.project}
          list={names}
          onInput={(project) => change({ project })}
        />
        <Suggested id="tool" label="Tool" value={query.tool} list={TOOLS} onInput={(tool) => change({ tool })} />
        <Suggested id="event" label="Event" value={query.event} list={EVENTS} onInput={(event) => change({ event })} />
        <Suggested id="agent" label="Agent" value={query.agent} list={[]} onInput={(agent) => change({ agent })} />
        <Suggested
          id="session"
          label="Session"
          value={query.session}
          list={[]}
          onInput={(session) => change({ session })}
        />
        <Choice
          label="When"
          any="any time"
          value={query.day || (hasOwnTimes ? OWN_TIMES : "")}
          options={[...DAYS, [OWN_TIMES, "from … to …"]]}
          onChange={(day) => {
            setOwn(day === OWN_TIMES);
            change({ day: day === OWN_TIMES ? "" : day, since: "", until: "" });
          }}
        />
        {hasOwnTimes ? time("since", "From") : null}
        {hasOwnTimes ? time("until", "To") : null}
        <label class="check">
          <input
            type="checkbox"
            checked={query.failed}
            onChange={(event) => change({ failed: event.currentTarget.checked })}
          />
          <span>Failed only</span>
        </label>
      </Filters>
      <p class="search-help muted" id="search-help">
        <code>a b</code> both, <code>a OR b</code> either, <code>NOT a</code> or <code>-a</code> without,{" "}
        <code>"a b"</code> side by side, <code>begin*</code> beginnings
      </p>
      <Saved query={query} />
    </search>
  );
}

const EVENTS = HOOK_EVENTS.map((event) => event.name);

function Saved({ query }: { query: Query }) {
  const params = paramsOf(query).toString();
  const kept = savedSearches.value;
  const known = kept.find((search) => search.params === params);
  const save = (): void => {
    savedSearches.value = [...kept, { name: nameOf(query), params }];
  };
  if (kept.length === 0 && params === "") return null;
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
  const project = baseName(query.project);
  const parts = [query.q, project, query.event, query.tool, query.agent, shortId(query.session)];
  const when = DAYS.find(([day]) => day === query.day)?.[1].toLowerCase() ?? localInput(query.since).slice(0, 10);
  return [...parts, query.failed ? "failed" : "", when].filter(Boolean).join(", ");
}
