// Who belongs to a team, as a store of several people keeps it: people, devices, what lets them in, and who read what.
// - Of tokens, codes and cookies the store knows hashes only.
// - Each change counts `version` up, so that other processes know that they have to look again.

import type { ReasonOf } from "../contract/reasons.ts";
import type { Result } from "../contract/result.ts";
import type {
  AuditAction,
  AuditEntry,
  Device,
  DeviceReport,
  Person,
  PersonActivity,
  Role,
  Team,
} from "../contract/team.ts";
import type { Pricing } from "./port.ts";

/** A machine of a person's, or a browser of theirs, by what it shows. */
export interface Roster {
  readonly version: number;
  readonly team: Team;
  readonly people: readonly Person[];
  readonly devices: readonly (Device & { readonly token: string })[];
  readonly visits: readonly { readonly visit: string; readonly person: string; readonly expiresAt: number }[];
}

/**
 * What lets in once. `join`: a machine, of a person that is there or new. `open`: a browser of a person. `mail`: whoever signs
 * in by a provider that vouches for the address.
 */
export interface Code {
  /** Its hash; of `mail`, the address itself, as `mailto:` has it: it is no secret, and lets nobody in by itself. */
  readonly code: string;
  readonly purpose: "join" | "open" | "mail";
  /** Id of the person; absent: somebody new. */
  readonly person?: string;
  /** What somebody new is called; absent: as they say. */
  readonly name?: string;
  readonly role: Role;
  /** Id of who made it, with whom it goes; absent: the operator. */
  readonly madeBy?: string;
  /** ms since 1970 */
  readonly expiresAt: number;
  /** Its person was revoked, and is let in again by it, in this role. Absent: they are there. */
  readonly restores?: true;
  /** The machine, or the browser, that asked for it. Absent: the operator, or who runs the database. */
  readonly by?: Asking | undefined;
}

/** What asks in a person's name: a machine by its id, a browser by the hash of its cookie. */
export interface Asking {
  readonly device?: string | undefined;
  readonly visit?: string | undefined;
}

/** What stands in the place of a code for who is invited by an address. */
export const mailCode = (email: string): string => `mailto:${email}`;

/** Who has signed in by a provider. */
export interface Vouched {
  /** What the provider knows them by: issuer and subject. */
  readonly subject: string;
  /** Their address, in lower case, which the provider has verified. */
  readonly email: string;
  /** Whether they may come without an invitation, as a member. */
  readonly mayCome: boolean;
  /** Id of the person, where it is somebody new. */
  readonly id: string;
}

/** What a browser is known by: the hash of its cookie. */
export interface Visit {
  readonly visit: string;
  readonly expiresAt: number;
}

/** An entry of the audit log before it has a place. */
export interface Noted {
  readonly at: number;
  readonly person?: string | undefined;
  readonly device?: string | undefined;
  readonly action: AuditAction;
  readonly session?: string | undefined;
  readonly owner?: string | undefined;
  readonly about?: string | undefined;
}

export interface TeamStore {
  /** Makes the team with its first admin. */
  found(
    team: Team,
    admin: Pick<Person, "id" | "name">,
    code: Code,
    at: number,
  ): Promise<Result<Person, ReasonOf<"team_exists">>>;
  /** Changes where the team is reached and the most that it takes. */
  change(team: Partial<Pick<Team, "url" | "content">>): Promise<void>;
  /** Counts up with each change of the roster; undefined where there is no team. */
  version(): Promise<number | undefined>;
  roster(): Promise<Roster | undefined>;
  /** False where its person, who made it, or what asked for it is not there, or no more. */
  addCode(code: Code): Promise<boolean>;
  /** Those that are good still, the latest to expire last. */
  codes(at: number): Promise<readonly Code[]>;
  /** Takes a code out of use, by its hash; false where it was not good any more. */
  cancel(code: string, at: number): Promise<boolean>;
  /** Uses a code for a machine. Its person is made where there is none yet. */
  join(
    code: string,
    device: Pick<Device, "id" | "host"> & { readonly token: string },
    person: Pick<Person, "id"> & { readonly name?: string | undefined },
    at: number,
  ): Promise<Result<{ device: Device; person: Person }, ReasonOf<"code_invalid" | "name_taken">>>;
  /** Uses a code for a browser. */
  visit(code: string, visit: Visit, at: number): Promise<Result<Person, ReasonOf<"code_invalid">>>;
  /** Lets a browser in for whom a provider vouches: known to the team, invited by the address, or welcome without. */
  welcome(
    who: Vouched,
    visit: Visit,
    at: number,
  ): Promise<Result<Person, ReasonOf<"person_unknown" | "person_removed" | "name_taken">>>;
  /** Whether this is the first time that the text is shown, by any process: what works once is kept till it expires. */
  firstTime(text: string, expiresAt: number, at: number): Promise<boolean>;
  /** Lets nothing of a device in any more, or of a person: how many of each there were. */
  revoke(
    which: { readonly device: string } | { readonly person: string },
    at: number,
  ): Promise<{ devices: number; people: number }>;
  /** Keeps what a device said of itself. */
  report(device: string, report: DeviceReport, at: number): Promise<void>;
  note(entries: readonly Noted[]): Promise<void>;
  /** Removes entries of before a time, the oldest first, so many at a time at most: how many it were. */
  dropNoted(before: number, limit: number): Promise<number>;
  /** The latest first, before a place. */
  noted(limit: number, before?: number): Promise<readonly AuditEntry[]>;
  /** What each person did in a span, ms since 1970; of one person alone where `person` says so. */
  activity(
    span: { readonly since: number; readonly until: number; readonly person?: string | undefined },
    pricing: Pricing,
  ): Promise<readonly PersonActivity[]>;
  /** Whether the database holds back what a statement forgets to: not for a role that may pass row-level security. */
  isFenced(): Promise<boolean>;
}
