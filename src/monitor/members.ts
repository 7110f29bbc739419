// Who is let in to a team's monitor: the team's roster, kept in memory and looked at again whenever it has changed.
// - What is revoked by any process is refused here within ROSTER_LOOK_MS.
// - While the database is away, those who were let in before still are; nobody else is.

import { setTimeout as sleep } from "node:timers/promises";
import type { Device, Person, Role } from "../contract/team.ts";
import type { Log } from "../platform/log.ts";
import type { Roster, TeamStore } from "../store/team.ts";
import { hashOf, shown } from "../team/codes.ts";

/** How often another process's changes are looked for. */
const ROSTER_LOOK_MS = 500;
/** Looks for those who are not known are no closer together. */
const STRANGER_LOOK_MS = 100;

/** Who asks. Without a person: who holds the monitor's own token, the operator of this machine. */
export interface Entrant {
  readonly role: Role;
  readonly person?: Person;
  /** The machine that asks in the person's name; absent: a browser. */
  readonly device?: Device;
  /** What the browser's sign-in is known by. */
  readonly visit?: string;
}

/** Who holds the monitor's own token. */
export const OPERATOR: Entrant = { role: "admin" };

export interface Members {
  /** Undefined while there is no team: then everybody with the token is the operator. */
  readonly roster: Roster | undefined;
  byToken(token: string): Entrant | undefined;
  byVisit(visit: string): Entrant | undefined;
  /** Whether somebody who was let in still is. */
  isIn(entrant: Entrant): boolean;
  /** Looks again at once: after a change of our own. */
  refresh(): Promise<void>;
  /** Looks again for somebody who is not known: another process may just have let them in. Strangers share these looks. */
  lookFor(): Promise<void>;
  /** Calls back when the roster is another. */
  onChanged(listener: () => void): void;
  close(): void;
}

export interface MembersOptions {
  readonly team: TeamStore;
  readonly log: Log;
  /** ms since 1970 */
  readonly now: () => number;
}

/** Reads the roster; rejects where the database cannot be asked. */
export async function openMembers({ team, log, now }: MembersOptions): Promise<Members> {
  const listeners: (() => void)[] = [];
  let known: Known | undefined;
  let looking: Promise<void> | undefined;
  let asked: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    if ((await team.version()) === known?.roster.version) return;
    const roster = await team.roster();
    known = roster && index(roster);
    for (const listener of listeners) listener();
  };
  const look = (): Promise<void> => {
    looking ??= read().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  const again = () => {
    if (!isClosed) timer = setTimeout(() => look().catch(quiet).finally(again), ROSTER_LOOK_MS).unref();
  };
  const quiet = (error: unknown) => log.debug({ err: error }, "the team's roster cannot be read now");
  await look();
  again();

  const isGood = (visit: Roster["visits"][number] | undefined) => visit !== undefined && visit.expiresAt > now();
  const entrant = (person: string, device?: Device): Entrant | undefined => {
    const found = known?.people.get(person);
    if (!found || found.revokedAt !== undefined || device?.revokedAt !== undefined) return undefined;
    return { role: found.role, person: found, ...(device ? { device } : {}) };
  };
  return {
    get roster() {
      return known?.roster;
    },
    byToken(token) {
      const device = known?.devices.get(hashOf(token));
      return device && entrant(device.person, device);
    },
    byVisit(given) {
      const visit = known?.visits.get(hashOf(given));
      const visitor = visit && isGood(visit) ? entrant(visit.person) : undefined;
      return visit && visitor && { ...visitor, visit: visit.visit };
    },
    isIn({ person, device, visit }) {
      if (!person) return true;
      if (visit !== undefined && !isGood(known?.visits.get(visit))) return false;
      const still = entrant(person.id, device && known?.roster.devices.find(({ id }) => id === device.id));
      return still?.role === person.role;
    },
    async refresh() {
      await looking;
      await look();
    },
    lookFor() {
      asked ??= sleep(STRANGER_LOOK_MS)
        .then(look)
        .catch(quiet)
        .finally(() => {
          asked = undefined;
        });
      return asked;
    },
    onChanged: (listener) => void listeners.push(listener),
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

interface Known {
  readonly roster: Roster;
  readonly people: ReadonlyMap<string, Person>;
  /** By the hash of their tokens. */
  readonly devices: ReadonlyMap<string, Device>;
  readonly visits: ReadonlyMap<string, Roster["visits"][number]>;
}

const index = (roster: Roster): Known => ({
  roster,
  people: new Map(roster.people.map((person) => [person.id, person])),
  devices: new Map(roster.devices.map((device) => [device.token, shown(device)])),
  visits: new Map(roster.visits.map((visit) => [visit.visit, visit])),
});
