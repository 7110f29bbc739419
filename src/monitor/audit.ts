// Who read whose sessions in a team, written down before the answer is given.
// - The same person's reading of the same session is one entry in AGAIN_MS, and so is that of the same list.

import type { SessionSummary } from "../contract/session.ts";
import type { AuditAction } from "../contract/team.ts";
import type { TeamStore } from "../store/team.ts";
import type { Entrant } from "./members.ts";

const AGAIN_MS = 600_000;
/** Programs read these all day long. */
const METRICS_AGAIN_MS = 86_400_000;
/** So many readings are remembered; beyond that all are written down anew. */
const MAX_REMEMBERED = 20_000;

/** What is read of everybody, in the words of the log. */
const LISTS = {
  events: "everybody's events",
  projects: "everybody's projects",
  activity: "what everybody did",
  devices: "everybody's machines",
  metrics: "the metrics",
} as const;

export interface Audit {
  /** Of a session, which may be somebody else's. */
  read(entrant: Entrant, session: Pick<SessionSummary, "id" | "person">): Promise<void>;
  /** Of a list, in which a member finds what is their own. */
  list(entrant: Entrant, what: keyof typeof LISTS): Promise<void>;
  did(entrant: Entrant, action: AuditAction, about?: string): Promise<void>;
  /** Somebody of whom nothing is known could not sign in: why not, in a sentence. */
  refused(why: string): Promise<void>;
}

export function openAudit(team: TeamStore, now: () => number): Audit {
  const lately = new Map<string, number>();
  const note = ({ person, device }: Entrant, action: AuditAction, more: Readonly<Record<string, string | undefined>>) =>
    team.note([{ at: now(), person: person?.id, device: device?.id, action, ...more }]);
  const once = async (key: string, againMs: number, work: () => Promise<void>) => {
    if (now() - (lately.get(key) ?? Number.NEGATIVE_INFINITY) < againMs) return;
    await work();
    if (lately.size >= MAX_REMEMBERED) lately.clear();
    lately.set(key, now());
  };
  return {
    async read(entrant, { id, person: owner }) {
      const { person } = entrant;
      if (person && owner === person.id) return;
      await once(`session ${person?.id} ${id}`, AGAIN_MS, () => note(entrant, "read", { session: id, owner }));
    },
    async list(entrant, what) {
      const { person, role } = entrant;
      if (person && role === "member") return;
      const againMs = what === "metrics" ? METRICS_AGAIN_MS : AGAIN_MS;
      await once(`list ${person?.id} ${what}`, againMs, () => note(entrant, "read", { about: LISTS[what] }));
    },
    did: (entrant, action, about) => note(entrant, action, { about }),
    refused: (why) => team.note([{ at: now(), action: "sign_in_refused", about: why }]),
  };
}
