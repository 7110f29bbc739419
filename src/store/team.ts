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

/** What lets in once. `join`: a machine, of a person that is there or new. `open`: a browser of a person. */
export interface Code {
  /** Its hash. */
  readonly code: string;
  readonly purpose: "join" | "open";
  /** Id of the person; absent: somebody new. */
  readonly person?: string;
  /** What somebody new is called; absent: as they say. */
  readonly name?: string;
  readonly role: Role;
  /** Id of who made it, with whom it goes; absent: the operator. */
  readonly madeBy?: string;
  /** ms since 1970 */
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
  addCode(code: Code): Promise<void>;
  /** Uses a code for a machine. Its person is made where there is none yet. */
  join(
    code: string,
    device: Pick<Device, "id" | "host"> & { readonly token: string },
    person: Pick<Person, "id"> & { readonly name?: string | undefined },
    at: number,
  ): Promise<Result<{ device: Device; person: Person }, ReasonOf<"code_invalid" | "name_taken">>>;
  /** Uses a code for a browser. */
  visit(
    code: string,
    visit: { readonly visit: string; readonly expiresAt: number },
    at: number,
  ): Promise<Result<Person, ReasonOf<"code_invalid">>>;
  /** Lets nothing of a device in any more, or of a person: how many of each there were. */
  revoke(
    which: { readonly device: string } | { readonly person: string },
    at: number,
  ): Promise<{ devices: number; people: number }>;
  /** Keeps what a device said of itself. */
  report(device: string, report: DeviceReport, at: number): Promise<void>;
  note(entries: readonly Noted[]): Promise<void>;
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
