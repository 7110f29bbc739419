// A team: several people's machines send to one monitor, and each sees what their role lets them see.
// - Answers of the API are camelCase, times ms since 1970; what `mpm team --json` prints is made of the same values.

import * as z from "zod/mini";
import { ContentLevel } from "./content-level.ts";
import { Shared, Tokens } from "./session.ts";
import { CONTENT_LEVELS } from "./words.ts";

export { ContentLevel };

/** What a person may: members see their own sessions, viewers everyone's, admins also say who else belongs to the team. */
export const ROLES = ["member", "viewer", "admin"] as const;
export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

/** The lesser of two levels. */
export const leastContent = (a: ContentLevel, b: ContentLevel): ContentLevel =>
  CONTENT_LEVELS.indexOf(a) <= CONTENT_LEVELS.indexOf(b) ? a : b;

/** The field of `data` by which an event says what was left out of it on its machine. */
export const WITHHELD = "mpm_withheld";
const Withheld = z.looseObject({ level: Shared, bytes: z.number() });
export type Withheld = z.infer<typeof Withheld>;

/** What did not leave the machine of an event with that `data`; undefined for a whole one. */
export function withheldOf(data: Readonly<Record<string, unknown>>): Withheld | undefined {
  const read = Withheld.safeParse(data[WITHHELD]);
  return read.success ? read.data : undefined;
}

/** What the token of a device begins with: who holds one sends as `team.content` says. */
export const DEVICE_TOKEN = "mpmd_";

const maybe = z.exactOptional(z.string());
const time = z.number();
const text = (max: number) => z.string().check(z.maxLength(max));
const name = z.string().check(z.trim(), z.minLength(1), z.maxLength(100));

export const Team = z.looseObject({
  name: z.string(),
  /** Where people and machines reach it. */
  url: maybe,
  /** The most that it takes of an event. */
  content: ContentLevel,
});
export type Team = z.infer<typeof Team>;

export const Person = z.looseObject({
  id: z.string(),
  name: z.string(),
  role: Role,
  createdAt: time,
  /** Nothing of theirs is let in since. */
  revokedAt: z.exactOptional(time),
});
export type Person = z.infer<typeof Person>;

/** What a device last said of itself. */
export const DeviceReport = z.object({
  version: text(100),
  /** What of an event leaves it. */
  content: z.exactOptional(ContentLevel),
  /** Events that wait there, and that were lost there. */
  waiting: z.int(),
  lost: z.int(),
  /** Why it lags, in words. */
  trouble: z.exactOptional(text(2000)),
});
export type DeviceReport = z.infer<typeof DeviceReport>;

export const Device = z.looseObject({
  id: z.string(),
  /** Id of whose it is. */
  person: z.string(),
  /** What the machine is called. */
  host: z.string(),
  createdAt: time,
  seenAt: z.exactOptional(time),
  revokedAt: z.exactOptional(time),
  report: z.exactOptional(DeviceReport),
});
export type Device = z.infer<typeof Device>;

/** GET /api/team: the team as who asks may see it. */
export const TeamAnswer = z.looseObject({
  team: Team,
  /** Who asks; `person` is absent for who holds the monitor's own token. */
  me: z.looseObject({ role: Role, person: z.exactOptional(Person), device: z.exactOptional(Device) }),
  people: z.array(Person),
  /** Where people sign in through an identity provider, and what is wrong with it; absent where none is set. */
  provider: z.exactOptional(z.looseObject({ issuer: z.string(), trouble: maybe })),
});
export type TeamAnswer = z.infer<typeof TeamAnswer>;

export const DevicesAnswer = z.looseObject({ devices: z.array(Device) });

/** What lets one machine in once, by a code, or one person, by the address that they sign in with. */
/** `name`: what whoever comes by it is called, where that is known. */
export const Invitation = z.looseObject({
  code: maybe,
  email: maybe,
  name: maybe,
  expiresAt: time,
  role: Role,
  url: maybe,
});
export type Invitation = z.infer<typeof Invitation>;

/** An invitation that has not been used: what it is for, without what lets in. */
export const Pending = z.looseObject({
  /** What it is cancelled by. */
  id: z.string(),
  /** `join`: a machine; `open`: a browser; `mail`: whoever signs in by that address. */
  purpose: z.string(),
  role: Role,
  /** Id of the person; absent: somebody new. */
  person: maybe,
  /** What somebody new is called, where that was said. */
  name: maybe,
  email: maybe,
  /** Id of who made it; absent: the operator. */
  madeBy: maybe,
  expiresAt: time,
});
export type Pending = z.infer<typeof Pending>;
export const InvitationsAnswer = z.looseObject({ invitations: z.array(Pending) });
export const Cancelled = z.looseObject({ cancelled: Pending });

/** An address as people write it, in lower case. */
export const Email = z.string().check(z.trim(), z.toLowerCase(), z.maxLength(254), z.regex(/^[^\s@<>"]+@[^\s@<>"]+$/));

/** POST /api/team/join */
export const JoinRequest = z.looseObject({
  code: z.string().check(z.maxLength(100)),
  host: z.string().check(z.minLength(1), z.maxLength(256)),
  /** What the person is called, where the code does not say. */
  name: z.exactOptional(name),
});
export type JoinRequest = z.infer<typeof JoinRequest>;

export const Joined = z.looseObject({ token: z.string(), device: Device, person: Person, team: Team });
export type Joined = z.infer<typeof Joined>;

/** A link that signs a person in once. */
export const SignInLink = z.looseObject({ link: z.string(), expiresAt: time });

export const Revoked = z.looseObject({ devices: z.int(), people: z.int() });
export type Revoked = z.infer<typeof Revoked>;

/** What happened to whose things. */
export const AUDIT_ACTIONS = [
  "read",
  "invited",
  "cancelled",
  "joined",
  "left",
  "revoked",
  "signed_in",
  "sign_in_refused",
  "forgot",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export const AuditEntry = z.looseObject({
  /** Counts up; the cursor of a page. */
  place: z.int(),
  at: time,
  /** Id of who did it; absent: who holds the monitor's own token. */
  person: maybe,
  device: maybe,
  action: z.string(),
  /** The session that was read. */
  session: maybe,
  /** Id of the person whose it is. */
  owner: maybe,
  /** What else there is to say: a host's name, a role. */
  about: maybe,
});
export type AuditEntry = z.infer<typeof AuditEntry>;
export const AuditAnswer = z.looseObject({ entries: z.array(AuditEntry), next: z.nullable(z.int()) });

/** What a person did in a span of time. */
export const PersonActivity = z.looseObject({
  person: z.string(),
  sessions: z.int(),
  events: z.int(),
  failures: z.int(),
  lastAt: z.exactOptional(time),
  /** US dollars, of all answers that have a price. */
  cost: z.exactOptional(z.number()),
});
export type PersonActivity = z.infer<typeof PersonActivity>;
export const ActivityAnswer = z.looseObject({ since: time, until: time, people: z.array(PersonActivity) });

/** The socket event by which a device says how it is. */
export const REPORT_EVENT = "device_report";

/** The socket event by which a device says what no event of a hook does: what answers took, who is gone. */
export const FACTS_EVENT = "session_facts";

/** What a monitor answers to it; without `permanent` it may be told again later. */
export const FactsAnswer = z.looseObject({
  ok: z.boolean(),
  permanent: z.optional(z.boolean()),
  reason: z.optional(z.string()),
});
export type FactsAnswer = z.infer<typeof FactsAnswer>;

const MAX_ANSWERS = 1000;
const Answer = z.object({ id: text(256), t: time, model: text(256), tokens: Tokens });
const SessionFact = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("answers"), answers: z.array(Answer).check(z.maxLength(MAX_ANSWERS)) }),
  z.object({ kind: z.literal("gone"), t: time }),
  z.object({ kind: z.literal("interrupted"), t: time }),
  z.object({ kind: z.literal("branch"), t: time, branch: text(1000) }),
]);
export const SessionFacts = z.object({
  session: text(256),
  facts: z.array(SessionFact).check(z.maxLength(MAX_ANSWERS)),
});
export type SessionFacts = z.infer<typeof SessionFacts>;
