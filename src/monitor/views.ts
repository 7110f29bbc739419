// What each person of a team may see: members their own part of the store, all others the whole of it.

import type { Store } from "../store/port.ts";
import type { PostgresStore } from "../store/postgres/store.ts";
import type { View } from "./live.ts";
import { type Entrant, type Members, teamOf } from "./members.ts";

/** The view of who has entered. Those who see the same are given the same. */
export type Views = (entrant: Entrant) => View;

export interface ViewParts {
  readonly store: Store;
  /** The same, where it is one that several people may share. */
  readonly shared: PostgresStore | undefined;
  readonly members: Members | undefined;
}

export function openViews({ store, shared, members }: ViewParts): Views {
  const whole: View = { name: "all", store };
  const own = new Map<string, View>();
  return ({ role, person }) => {
    if (!shared || !person || role !== "member" || !teamOf(members)) return whole;
    let view = own.get(person.id);
    if (!view) {
      view = { name: person.id, store: shared.as({ user: person.id, users: [person.id] }) };
      own.set(person.id, view);
    }
    return view;
  };
}
