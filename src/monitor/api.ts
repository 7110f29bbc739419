// The routes of the API, each with what answers it: the contract's table on one side, the store on the other.

import type { Alerts } from "../alerts/alerts.ts";
import { ImportRequest } from "../contract/import.ts";
import { DEFAULT_PAGE, DEFAULT_SESSIONS, type FoundEnvelope, type FoundRow } from "../contract/routes.ts";
import type { Prices } from "../prices/prices.ts";
import { readPlace } from "../store/place.ts";
import type { Filter, Found, Range, Reached, Store } from "../store/port.ts";
import type { Access } from "./access.ts";
import type { Audit } from "./audit.ts";
import { type Accept, readBodyAs, takePosted } from "./body.ts";
import { Conversations, changesOf, filesOf, messagesOf } from "./conversation.ts";
import { priced, pricedTurns } from "./cost.ts";
import { forget } from "./forget.ts";
import type { Asked, Handlers } from "./handlers.ts";
import { healthFor, type Report } from "./health.ts";
import type { Import } from "./import.ts";
import type { Entrant } from "./members.ts";
import { json, Refusal, sendLines } from "./respond.ts";
import type { TeamHandlers } from "./team.ts";

/** What the routes need of the monitor. */
export interface ApiParts {
  readonly access: Access;
  readonly health: Report;
  readonly store: Store;
  readonly imports: Import;
  readonly prices: Prices;
  /** What takes the items of their POST. Throws a Refusal where they may not send. */
  readonly acceptor: (entrant: Entrant) => Accept;
  /** Whether somebody may send as many events now. */
  readonly mayAppend: (entrant: Entrant, count: number) => boolean;
  readonly alerts: () => Promise<Alerts>;
  /** Undefined while there is no team. */
  readonly audit: () => Audit | undefined;
  readonly team: TeamHandlers;
  /** ms since 1970 */
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
const ACCEPTED = 202;
/** Of one session, the latest. */
const MAX_TURNS = 1000;

export function apiHandlers(parts: ApiParts): Handlers {
  const { access, health, store, imports, prices, acceptor, mayAppend, alerts, audit, team, now } = parts;
  const events = async ({ entrant, query, response }: Asked<"events" | "rows">): Promise<void> => {
    const { limit = DEFAULT_PAGE, after, before, view, withinMs, ...given } = query;
    const filter = await withSession(store, given);
    const log = audit();
    const session = filter.session === undefined ? undefined : await store.session(filter.session);
    await (session ? log?.read(entrant, session) : log?.list(entrant, "events"));
    const range = { limit, after, before };
    const within = filter.q === undefined ? undefined : withinMs;
    const { events: found, reached } = await (view === "rows"
      ? rowsOf(store, filter, range, within)
      : envelopesOf(store, filter, range, within));
    const { unindexed } = filter.q === undefined ? {} : await store.figures();
    json(response, 200, {
      events: found,
      next: nextOf(found, range, reached),
      ...(reached === undefined ? {} : { reached }),
      ...(unindexed === undefined ? {} : { unindexed }),
    });
  };
  const conversations = new Conversations(store);
  /** The session whose id begins so, about which somebody is told. */
  const known = async ({ id, entrant }: Pick<Asked<"session">, "id" | "entrant">) => {
    const [session, another] = await store.identify(id);
    const found = another === undefined && session !== undefined ? await store.session(session) : undefined;
    if (!found) throw new Refusal(404, { code: "not_found", what: "session" }, `no session has the id ${id}`);
    await audit()?.read(entrant, found);
    return found;
  };
  return {
    ...team,
    health: async ({ entrant, response }) => json(response, 200, healthFor(entrant, await health.full())),
    events,
    rows: events,
    async event({ id, entrant, response }) {
      const envelope = await store.envelope(id);
      if (!envelope) throw new Refusal(404, { code: "not_found", what: "event" }, `no event has the id ${id}`);
      const session = await store.session(envelope.session_id);
      await (session ? audit()?.read(entrant, session) : audit()?.list(entrant, "events"));
      json(response, 200, envelope);
    },
    append: ({ entrant, request, response }) =>
      takePosted({ accept: acceptor(entrant), mayTake: (count) => mayAppend(entrant, count) }, request, response),
    async forget({ entrant, query, response }) {
      const forgotten = await forget(store, query, now());
      if (!forgotten.dryRun) {
        await audit()?.did(entrant, "forgot", query.session ?? query.project);
        await (await alerts()).forget(query.before);
      }
      json(response, 200, forgotten);
    },
    async sessions({ entrant, query, response }) {
      await audit()?.list(entrant, "events");
      const { limit = DEFAULT_SESSIONS, state: states, id: ids, ...filter } = query;
      if (filter.before !== undefined && readPlace(filter.before, filter.order) === undefined)
        throw new Refusal(400, { code: "bad_query", parameter: "before", expected: "`next` of an earlier answer" });
      json(response, 200, await store.sessions({ ...filter, limit, states, ids }));
    },
    session: async (asked) => json(asked.response, 200, await known(asked)),
    timeline: async (asked) => sendLines(asked.response, store.timeline((await known(asked)).id)),
    async turns({ query: { limit = MAX_TURNS, before }, response, ...asked }) {
      const { id: session } = await known(asked);
      // One more at the beginning tells that there are earlier ones; one behind the end takes what came after it.
      const behind = before === undefined ? 0 : 1;
      const found = await store.turns(session, { limit: limit + 1 + behind, last: before });
      const told = before === undefined ? found : found.filter(({ number }) => number < before);
      const some = await pricedTurns({ store, prices, until: now() }, session, found);
      const turns = some.slice(0, told.length).slice(-limit);
      json(response, 200, { turns, ...(told.length > limit ? { since: turns[0]?.startedAt } : {}) });
    },
    async messages({ query, response, ...asked }) {
      const { limit = DEFAULT_PAGE, ...range } = query;
      json(response, 200, await messagesOf(store, conversations, (await known(asked)).id, { limit, ...range }));
    },
    async files({ query, response, ...asked }) {
      json(response, 200, await filesOf(store, (await known(asked)).id, query));
    },
    async changes({ entrant, query, response }) {
      await audit()?.list(entrant, "events");
      const { limit = DEFAULT_PAGE, ...filter } = query;
      json(response, 200, await changesOf(store, filter, limit));
    },
    async projects({ entrant, response }) {
      await audit()?.list(entrant, "projects");
      json(response, 200, { projects: await store.projects() });
    },
    async stats({ entrant, query, response }) {
      await audit()?.list(entrant, "events");
      const { until = now(), since = until - DAY_MS, project } = query;
      if (since > until)
        throw new Refusal(400, { code: "bad_query", parameter: "since", expected: "a time that is not after until" });
      const span = { since, until, project };
      json(response, 200, await priced(await store.statistics(span), store.answers(span), prices));
    },
    alerts: async ({ query, response }) => json(response, 200, (await alerts()).answer(query.limit)),
    testAlerts: async ({ query, response }) => json(response, 200, await (await alerts()).test(query.channel)),
    import: async ({ response }) => json(response, 200, await imports.status()),
    async startImport({ request, response }) {
      imports.start(await readBodyAs(ImportRequest, request));
      json(response, ACCEPTED, await imports.status());
    },
    loginCode: async ({ response }) => json(response, 200, { code: access.newCode() }),
  };
}

type Page<T> = Promise<Found<T>>;

const rowsOf = async (store: Store, filter: Filter, range: Range, withinMs: number | undefined): Page<FoundRow> =>
  withinMs === undefined ? { events: await store.rows(filter, range) } : store.searchRows(filter, range, withinMs);

const envelopesOf = async (
  store: Store,
  filter: Filter,
  range: Range,
  withinMs: number | undefined,
): Page<FoundEnvelope> =>
  withinMs === undefined
    ? { events: await store.envelopes(filter, range) }
    : store.searchEnvelopes(filter, range, withinMs);

/** Cursors of the pages before and after. A search that its time has ended goes on where it came to. */
function nextOf(found: readonly { readonly n: number }[], { limit, after }: Range, reached: Reached | undefined) {
  const cursors = found.map(({ n }) => n);
  const last = cursors.length > 0 ? Math.max(...cursors) : (after ?? null);
  if (reached) return after === undefined ? { before: reached.n, after: last } : { before: null, after: reached.n };
  return { before: found.length === limit ? Math.min(...cursors) : null, after: last };
}

/** The filter with the session that the beginning of an id stands for. */
async function withSession(store: Store, filter: Filter): Promise<Filter> {
  if (filter.session === undefined) return filter;
  const [session, another] = await store.identify(filter.session);
  if (another !== undefined)
    throw new Refusal(400, {
      code: "bad_query",
      parameter: "session",
      expected: "more of the id, several sessions begin so",
      received: JSON.stringify(filter.session),
    });
  return session === undefined ? filter : { ...filter, session };
}
