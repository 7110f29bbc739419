// Removes from the store what is named, at once and in every place, and says how much that was.

import type { Forgotten } from "../contract/forget.ts";
import type { QueryOf } from "../contract/routes.ts";
import type { Forget, Removed, Store } from "../store/port.ts";
import { Refusal } from "./respond.ts";

/** Does what the request asks for; in a dry run, counts it. Throws a Refusal where it names nothing, or several things. */
export async function forget(store: Store, query: QueryOf<"forget">, now: number): Promise<Forgotten> {
  const { dryRun = false } = query;
  const which = whichOf(query);
  const wanted = "session" in which ? { session: await idOf(store, which.session) } : which;
  const removed = dryRun ? await counted(store, wanted, now) : await store.forget(wanted);
  return { ...removed, dryRun };
}

function whichOf({ session, project, before }: QueryOf<"forget">): Forget {
  const named: Forget[] = [
    ...(session === undefined ? [] : [{ session }]),
    ...(project === undefined ? [] : [{ project }]),
    ...(before === undefined ? [] : [{ before }]),
  ];
  const [one, ...more] = named;
  if (one && more.length === 0) return one;
  const expected = "one of session, project and before";
  throw new Refusal(400, {
    code: "bad_query",
    parameter: "(parameters)",
    expected,
    received: `${named.length} of them`,
  });
}

/** The session that the beginning of an id stands for. */
async function idOf(store: Store, beginning: string): Promise<string> {
  const [id, another] = await store.identify(beginning);
  if (id !== undefined && another === undefined) return id;
  throw new Refusal(
    404,
    { code: "not_found", what: "session" },
    `no session, or more than one, has an id that begins with ${beginning}`,
  );
}

async function counted(store: Store, which: Forget, now: number): Promise<Removed> {
  if ("session" in which) {
    const summary = await store.session(which.session);
    return {
      events: summary?.events ?? 0,
      sessions: 1,
      answers: await answersIn(store, { ...which, since: 0, until: now }),
    };
  }
  if ("project" in which) {
    const span = { since: 0, until: now, project: which.project };
    const { events } = await store.statistics(span);
    const { total } = await store.sessions({ project: which.project, limit: 1 });
    return { events, sessions: total, answers: await answersIn(store, span) };
  }
  const span = { since: 0, until: which.before - 1 };
  const { events } = await store.statistics(span);
  // Sessions whose last event is older go whole; those that go on lose what is older.
  const [all, later] = await Promise.all([
    store.sessions({ limit: 1 }),
    store.sessions({ since: which.before, limit: 1 }),
  ]);
  return { events, sessions: all.total - later.total, answers: await answersIn(store, span) };
}

async function answersIn(store: Store, span: Parameters<Store["answers"]>[0]): Promise<number> {
  let count = 0;
  for await (const portion of store.answers(span)) count += portion.length;
  return count;
}
