// Sessions: all that are stored, a page at a time, by day. The link is the whole of what is chosen.
// - What goes on meanwhile is shown as it is: rows follow the live stream.
// - A session that begins is at the top as soon as one is there.

import type { VNode } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { done, type Result } from "../../contract/result.ts";
import type { SessionSummary } from "../../contract/session.ts";
import { useAsking } from "../answer.ts";
import { ask, type Failure } from "../api.ts";
import type { Kept } from "../asking.ts";
import { now } from "../clock.ts";
import { sessions as live, mergeSessions, newest } from "../live.ts";
import { DAYS, shortDay } from "../model/days.ts";
import { day, moment, plural } from "../model/format.ts";
import {
  countFilters,
  type Item,
  type Listing,
  type ListingKey,
  listingFrom,
  paramsOfListing,
  requestOfListing,
  withDays,
} from "../model/listing.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { Choice, Filters, Suggested } from "../part/filters.tsx";
import { SessionRow } from "../part/row.tsx";
import { unit } from "../part/unit.ts";
import { Windowed } from "../part/windowed.tsx";
import { keptScroll } from "../place.ts";
import { projectNames, useProjects } from "../projects.ts";
import { linkTo, replace, route } from "../route.ts";
import { seesOthers, team } from "../team.ts";

const PAGE = 100;
const MAX_PAGE = 1000;
const TYPING_PAUSE_MS = 150;
/** How often a list that stands at its top is read anew while events come. */
const FRESH_EVERY_MS = 3000;
const HEIGHT_PX = 34;
const TALL_PX = 58;
const NARROW = "(max-width: 44rem)";

const STATES = [
  ["waiting", "Waits for you"],
  ["working", "Working"],
  ["idle", "Idle"],
  ["interrupted", "Interrupted"],
  ["ended", "Ended"],
  ["lost", "Lost"],
] as const;
const COSTS = [
  ["0.1", "$0.10 or more"],
  ["1", "$1 or more"],
  ["5", "$5 or more"],
  ["20", "$20 or more"],
] as const;
const LENGTHS = [
  ["600000", "10 minutes or more"],
  ["3600000", "an hour or more"],
  ["14400000", "4 hours or more"],
  ["86400000", "a day or more"],
] as const;

const SIGNALS = [["1", "with signals"]] as const;

const ORDERS = [["cost", "dearest first"]] as const;

interface Pages {
  readonly asked: string;
  readonly sessions: readonly SessionSummary[];
  readonly next: string | null;
  readonly total: number;
  readonly error?: Failure;
}

/** The list that was shown last: gone back to, it is there at once. */
let shown: Pages | undefined;

export function SessionsView() {
  const listing = listingFrom(route.value.params);
  const asked = paramsOfListing(listing).toString();
  const { pages, more } = usePages(listing, asked);
  const change = (part: Partial<Listing>): void =>
    replace(linkTo("sessions", "", paramsOfListing({ ...listing, ...part })));
  const known = live.value;
  const today = day(now.value);
  const isByDay = listing.order === "";
  const items = useMemo(() => {
    const sessions = (pages?.sessions ?? []).map((session) => known.get(session.id) ?? session);
    return isByDay ? withDays(sessions, Date.now()) : sessions.map((session): Item => ({ kind: "session", session }));
  }, [pages?.sessions, known, today, isByDay]);
  const height = Math.round((matchMedia(NARROW).matches ? TALL_PX : HEIGHT_PX) * unit());
  return (
    <div class="sessions">
      <h1 class="hidden">Sessions</h1>
      <Form listing={listing} change={change} />
      <p class="counts num" role="status">
        {pages && !pages.error ? plural(pages.total, "session") : ""}
        {asked ? (
          <a class="clear" href={linkTo("sessions")}>
            Clear filters
          </a>
        ) : null}
      </p>
      {pages?.error ? <Failed message={pages.error.message} /> : null}
      {pages ? null : <Loading text="Reading the sessions…" />}
      {pages && items.length === 0 && !pages.error ? <NoSession isFiltered={asked !== ""} /> : null}
      {items.length > 0 ? (
        <Windowed
          key={asked}
          name="sessions"
          label="Sessions"
          count={items.length}
          height={height}
          item={(index) => {
            const item = items[index];
            if (!item) return null;
            if (item.kind === "day") return <h2 class="day">{item.text}</h2>;
            return isByDay ? rowOf(item.session) : datedRow(item.session);
          }}
          onEnd={more}
        />
      ) : null}
    </div>
  );
}

const rows = new WeakMap<SessionSummary, VNode>();

/** The same for the same session: what has not changed is not looked at again while the list is scrolled. */
function rowOf(session: SessionSummary): VNode {
  const known = rows.get(session);
  if (known) return known;
  const row = <SessionRow session={session} />;
  rows.set(session, row);
  return row;
}

/** Where no heading says the day. */
function datedRow(session: SessionSummary): VNode {
  return <SessionRow session={session} when={shortDay(session.lastAt, Date.now())} />;
}

function usePages(listing: Listing, asked: string): { pages: Pages | undefined; more: () => void } {
  const [pages, setPages] = useState(shown?.asked === asked ? shown : undefined);
  const reading = useRef(false);
  /** The newest row when the list was read last. */
  const seen = useRef(0);
  shown = pages?.asked === asked ? pages : shown;
  const readFirst = (signal: AbortSignal) => {
    seen.current = newest.peek();
    return readPage(listing, asked, undefined, signal);
  };
  useAsking(asked, readFirst, (read) => setPages((before) => renewed(before, asked, read)), {
    pauseMs: pages && pages.asked !== asked ? TYPING_PAUSE_MS : 0,
    everyMs: FRESH_EVERY_MS,
    isDue: () => newest.peek() !== seen.current && keptScroll("sessions") === 0,
  });
  const more = (): void => {
    if (!pages?.next || reading.current || pages.asked !== asked) return;
    reading.current = true;
    const { next } = pages;
    void readPage(listing, asked, next, undefined).then((read) => {
      reading.current = false;
      setPages((before) =>
        read.ok && before?.asked === asked && before.next === next
          ? { ...read.value, sessions: [...before.sessions, ...read.value.sessions] }
          : before,
      );
    });
  };
  return { pages, more };
}

/**
 * A page that is read anew takes the place of all that is there: what stood behind it may have changed, and is read again
 * when it is to be seen. It is left alone where the new one failed, or where somebody reads further down meanwhile.
 */
function renewed(before: Pages | undefined, asked: string, { value, error }: Kept<Pages>): Pages | undefined {
  const isGood = before?.asked === asked && !before.error;
  if (isGood && (error || keptScroll("sessions") > 0)) return before;
  return error ? { asked, sessions: [], next: null, total: 0, error } : value;
}

async function readPage(
  listing: Listing,
  asked: string,
  before: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Result<Pages, Failure>> {
  const query = requestOfListing(listing, Date.now());
  // Whoever comes back far down is led there at once.
  const isDeep = before === undefined && shown?.asked !== asked && keptScroll("sessions") > PAGE * HEIGHT_PX;
  query.set("limit", String(isDeep ? MAX_PAGE : PAGE));
  if (before !== undefined) query.set("before", before);
  const page = await ask("sessions", { query, ...(signal ? { signal } : {}) });
  if (!page.ok) return page;
  const { sessions, next = null, total = sessions.length } = page.value;
  mergeSessions(sessions.filter(({ id }) => live.peek().has(id)));
  return done({ asked, sessions, next, total });
}

function NoSession({ isFiltered }: { isFiltered: boolean }) {
  return (
    <div class="empty">
      <h2>{isFiltered ? "No session matches" : "No session has been seen yet"}</h2>
      <p>
        {isFiltered
          ? "Words are looked for in titles, prompts, projects and ids; what was said in between is found by Search."
          : "Start Claude Code in a project; the session is here with its first event."}
      </p>
      {isFiltered ? null : (
        <p>
          <a href="#/">Now</a> offers to import what is on this machine already.
        </p>
      )}
    </div>
  );
}

function Form({ listing, change }: { listing: Listing; change: (part: Partial<Listing>) => void }) {
  const names = projectNames(useProjects());
  const people = seesOthers() ? (team.value?.people ?? []).map(({ id, name }) => [id, name] as const) : [];
  const choice = (key: ListingKey) => ({
    value: listing[key],
    onChange: (value: string) => change({ [key]: value }),
  });
  return (
    <search class="list-form">
      <input
        type="search"
        class="field"
        aria-label="Find a session"
        placeholder="Title, prompt, project or id"
        data-key="/"
        value={listing.q}
        onInput={(event) => change({ q: event.currentTarget.value })}
      />
      <Filters count={countFilters(listing)}>
        <Suggested
          id="project"
          label="Project"
          value={listing.project}
          list={names}
          onInput={(project) => change({ project })}
        />
        {people.length > 0 ? <Choice label="Person" any="anybody" options={people} {...choice("person")} /> : null}
        <Choice label="State" any="any" options={STATES} {...choice("state")} />
        <Choice label="When" any="any time" options={DAYS} {...choice("day")} />
        <Choice label="Cost" any="any" options={COSTS} {...choice("minCost")} />
        <Choice label="Length" any="any" options={LENGTHS} {...choice("minMs")} />
        <Choice label="Signals" any="any" options={SIGNALS} {...choice("signals")} />
        <Choice label="Order" any="latest first" options={ORDERS} {...choice("order")} />
        {listing.since || listing.until ? (
          <button type="button" class="chip-button" onClick={() => change({ since: "", until: "" })}>
            {spanText(listing)} <span aria-hidden="true">✕</span>
            <span class="hidden">: any time instead</span>
          </button>
        ) : null}
      </Filters>
    </search>
  );
}

/** "from 2026-11-24 10:00 to 12:00:00" */
function spanText({ since, until }: Listing): string {
  const text = (given: string): string => {
    const at = /^\d+$/.test(given) ? Number(given) : Date.parse(given);
    return Number.isNaN(at) ? given : moment(at, now.value);
  };
  return [since ? `from ${text(since)}` : "", until ? `to ${text(until)}` : ""].filter(Boolean).join(" ");
}
