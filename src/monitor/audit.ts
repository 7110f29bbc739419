// Who read whose sessions in a team, written down before the answer is given.
// - The same person's reading of the same session is one entry in AGAIN_MS.

import type { SessionSummary } from "../contract/session.ts";
import type { AuditAction } from "../contract/team.ts";
import type { TeamStore } from "../store/team.ts";
import type { Entrant } from "./members.ts";

const AGAIN_MS = 600_000;
/** So many readings are remembered; beyond that all are written down anew. */
const MAX_REMEMBERED = 20_000;

export interface Audit {
  /** Of a session of somebody else's, or of everybody's events, where there is none. */
  read(entrant: Entrant, what: Pick<SessionSummary, "id" | "person"> | undefined): Promise<void>;
  did(entrant: Entrant, action: AuditAction, about?: string): Promise<void>;
}

export function openAudit(team: TeamStore, now: () => number): Audit {
  const lately = new Map<string, number>();
  const note = ({ person, device }: Entrant, action: AuditAction, more: Readonly<Record<string, string | undefined>>) =>
    team.note([{ at: now(), person: person?.id, device: device?.id, action, ...more }]);
  return {
    async read(entrant, what) {
      const { person, role } = entrant;
      if (person && (what ? what.person === person.id : role === "member")) return;
      const key = `${person?.id} ${what?.id}`;
      if (now() - (lately.get(key) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return;
      await note(entrant, "read", what ? { session: what.id, owner: what.person } : { about: "everybody's events" });
      if (lately.size >= MAX_REMEMBERED) lately.clear();
      lately.set(key, now());
    },
    did: (entrant, action, about) => note(entrant, action, { about }),
  };
}
