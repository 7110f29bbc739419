// How far a machine has sent to its team, as the store keeps it: under names of the membership, so that another team, or
// another time in the same one, begins anew.

import type { Store } from "../store/port.ts";
import type { Membership } from "./membership.ts";

interface Cursors {
  readonly events: string;
  readonly facts: string;
}

const PREFIX = "team ";

export const cursorsOf = ({ device: { id } }: Membership): Cursors => ({
  events: `${PREFIX}${id}`,
  facts: `${PREFIX}facts ${id}`,
});

/** Nothing waits for a team that was left. */
export async function dropOthers(store: Store, membership: Membership | undefined): Promise<void> {
  const own = membership && cursorsOf(membership);
  for (const { name } of await store.consumers())
    if (name.startsWith(PREFIX) && name !== own?.events && name !== own?.facts) await store.dismiss(name);
}
