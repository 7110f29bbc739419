// How people and machines come into a team: one-time codes, device tokens, sign-in links. Secrets are made here, and only
// their hashes are handed to the store.

import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { ReasonOf } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import {
  DEVICE_TOKEN,
  type Device,
  type JoinRequest,
  type Pending,
  type Person,
  type Role,
  type Team,
} from "../contract/team.ts";
import {
  type Asking,
  type Code,
  mailCode,
  type Roster,
  type TeamStore,
  type Visit,
  type Vouched,
} from "../store/team.ts";

const TOKEN_BYTES = 32;
/** A person may have to type it: no letter that looks like a digit. 100 bits. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_CHARS = 20;
const CODE_GROUP = 4;
const DAY_MS = 86_400_000;
/** How long codes and sign-ins are good. */
export const INVITATION_MS = 7 * DAY_MS;
export const LINK_MS = 600_000;
export const FIRST_LINK_MS = DAY_MS;
export const VISIT_MS = 30 * DAY_MS;

/** What the store knows of a secret. Each has more than 100 random bits, so that a plain hash does. */
export const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

const newToken = (): string => DEVICE_TOKEN + randomBytes(TOKEN_BYTES).toString("base64url");
const newVisit = (): string => randomBytes(TOKEN_BYTES).toString("base64url");

function newCode(): string {
  const letters = [...randomBytes(CODE_CHARS)].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
  return letters.match(new RegExp(`.{${CODE_GROUP}}`, "g"))?.join("-") ?? letters;
}

/** A code as it was made, however it was typed. */
function spelled(code: string): string {
  const letters = code
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, "")
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  return letters.match(new RegExp(`.{1,${CODE_GROUP}}`, "g"))?.join("-") ?? "";
}

/** Somebody of the team by id or name; undefined where nobody is called so. */
export const personNamed = (roster: Roster, given: string): Person | undefined =>
  roster.people.find((person) => person.revokedAt === undefined && isCalled(person, given));

/** The same, or else somebody who was revoked, the latest. */
const personEverNamed = (roster: Roster, given: string): Person | undefined =>
  personNamed(roster, given) ??
  roster.people
    .filter((person) => isCalled(person, given))
    .toSorted((a, b) => (b.revokedAt ?? 0) - (a.revokedAt ?? 0))[0];

const isCalled = ({ id, name }: Person, given: string): boolean =>
  id === given || name.toLowerCase() === given.toLowerCase();

/** A device as others are told of it: without the hash of its token. */
export function shown({ token: _, ...device }: Roster["devices"][number]): Device {
  return device;
}

export interface Secret {
  readonly code: string;
  /** ms since 1970 */
  readonly expiresAt: number;
}

/** Makes the team with its first admin, and the code of a link that signs them in. */
export async function foundTeam(
  store: TeamStore,
  { team, admin }: { readonly team: Team; readonly admin: string },
  now: number,
): Promise<Result<{ admin: Person; link: Secret }, ReasonOf<"team_exists">>> {
  const link = { code: newCode(), expiresAt: now + FIRST_LINK_MS };
  const person = { id: randomUUID(), name: admin };
  const code = {
    code: hashOf(link.code),
    purpose: "open",
    person: person.id,
    role: "admin",
    expiresAt: link.expiresAt,
  } as const;
  const founded = await store.found(team, person, code, now);
  return founded.ok ? done({ admin: founded.value, link }) : founded;
}

export interface Asked {
  readonly role: Role;
  /** ms */
  readonly goodForMs?: number | undefined;
  /** Id or name of somebody who is there or was, else the name of somebody new; absent: somebody new, called as they say. */
  readonly person?: string | undefined;
  /** Id of who asks: the invitation goes with them. */
  readonly madeBy?: string | undefined;
  /** What asks in their name. */
  readonly by?: Asking | undefined;
}

/** Whom it was made for, where they are known, and how long it is good. */
export interface Invited {
  /** ms since 1970 */
  readonly expiresAt: number;
  readonly role: Role;
  readonly person?: Person;
}

/** A code that lets one machine join. Whoever was revoked comes back by it, as whom they were. */
export async function invite(
  store: TeamStore,
  roster: Roster,
  asked: Asked,
  now: number,
): Promise<Result<Invited & { readonly code: string }, ReasonOf<"no_person">>> {
  const code = newCode();
  const invited = await addInvitation(store, roster, asked, { code: hashOf(code), purpose: "join" }, now);
  return invited.ok ? done({ code, ...invited.value }) : invited;
}

/** Lets in whoever signs in by a provider that vouches for the address, once. The same of who was revoked. */
export async function inviteAddress(
  store: TeamStore,
  roster: Roster,
  asked: Asked & { readonly email: string },
  now: number,
): Promise<Result<Invited & { readonly email: string }, ReasonOf<"no_person">>> {
  const { email } = asked;
  const invited = await addInvitation(store, roster, asked, { code: mailCode(email), purpose: "mail" }, now);
  return invited.ok ? done({ email, ...invited.value }) : invited;
}

async function addInvitation(
  store: TeamStore,
  roster: Roster,
  { role: asked, goodForMs = INVITATION_MS, person: named, madeBy, by }: Asked,
  code: Pick<Code, "code" | "purpose">,
  now: number,
): Promise<Result<Invited, ReasonOf<"no_person">>> {
  const person = named === undefined ? undefined : personEverNamed(roster, named);
  const isBack = person?.revokedAt !== undefined;
  const role = person && !isBack ? person.role : asked;
  const expiresAt = now + goodForMs;
  const isMade = await store.addCode({
    ...code,
    role,
    expiresAt,
    ...(person ? { person: person.id } : named === undefined ? {} : { name: named }),
    ...(madeBy === undefined ? {} : { madeBy }),
    ...(isBack ? { restores: true } : {}),
    by,
  });
  if (!isMade) return failed({ code: "no_person", name: named ?? "" });
  return done({ expiresAt, role, ...(person ? { person } : {}) });
}

/** Invitations and links that have not been used. */
export const pending = async (store: TeamStore, now: number): Promise<readonly Pending[]> =>
  (await store.codes(now)).map(pendingOf);

/** Whom an invitation was for, in the words of the log. */
export const aboutPending = ({ person, name, email, role }: Pending, { people }: Roster): string => {
  const whom = people.find(({ id }) => id === person)?.name ?? name ?? role;
  return email === undefined ? whom : `${whom}, ${email}`;
};

/** Takes one out of use, by its id or by the code itself; the reason says that there is none. */
export async function cancel(
  store: TeamStore,
  given: string,
  mayCancel: (invitation: Pending) => boolean,
  now: number,
): Promise<Result<Pending, ReasonOf<"no_invitation">>> {
  const hash = hashOf(spelled(given));
  for (const code of await store.codes(now)) {
    const invitation = pendingOf(code);
    if ((invitation.id !== given && code.code !== hash) || !mayCancel(invitation)) continue;
    if (await store.cancel(code.code, now)) return done(invitation);
  }
  return failed({ code: "no_invitation" });
}

const PENDING_ID_CHARS = 12;

function pendingOf({ code, restores: _, ...invitation }: Code): Pending {
  const id = hashOf(code).slice(0, PENDING_ID_CHARS);
  const { purpose } = invitation;
  return { id, ...invitation, ...(purpose === "mail" ? { email: code.slice(mailCode("").length) } : {}) };
}

/** Lets a machine in by its code; the token is told once. */
export async function join(
  store: TeamStore,
  { code, host, name }: JoinRequest,
  now: number,
): Promise<Result<{ token: string; device: Device; person: Person }, ReasonOf<"code_invalid" | "name_taken">>> {
  const token = newToken();
  const device = { id: randomUUID(), host, token: hashOf(token) };
  const joined = await store.join(hashOf(spelled(code)), device, { id: randomUUID(), name }, now);
  return joined.ok ? done({ token, ...joined.value }) : joined;
}

/** A code for a link that signs a person in once. It lets nobody in where what asks for it was revoked meanwhile. */
export async function signInCode(
  store: TeamStore,
  { id, role }: Person,
  now: number,
  goodForMs = LINK_MS,
  by?: Asking,
): Promise<Secret> {
  const secret = { code: newCode(), expiresAt: now + goodForMs };
  const { expiresAt } = secret;
  await store.addCode({ code: hashOf(secret.code), purpose: "open", person: id, role, expiresAt, by });
  return secret;
}

/** A browser that has signed in; `visit` is what its cookie holds. */
export interface SignedIn {
  readonly visit: string;
  readonly expiresAt: number;
  readonly person: Person;
}

/** Signs a browser in by the code of a link. */
export const signIn = (
  store: TeamStore,
  code: string,
  now: number,
): Promise<Result<SignedIn, ReasonOf<"code_invalid">>> =>
  signedIn(now, (visit) => store.visit(hashOf(spelled(code)), visit, now));

/** Signs a browser in for whom a provider vouches. */
export const welcome = (
  store: TeamStore,
  who: Omit<Vouched, "id">,
  now: number,
): Promise<Result<SignedIn, ReasonOf<"person_unknown" | "person_removed" | "name_taken">>> =>
  signedIn(now, (visit) => store.welcome({ ...who, id: randomUUID() }, visit, now));

async function signedIn<R>(
  now: number,
  enter: (visit: Visit) => Promise<Result<Person, R>>,
): Promise<Result<SignedIn, R>> {
  const visit = newVisit();
  const expiresAt = now + VISIT_MS;
  const entered = await enter({ visit: hashOf(visit), expiresAt });
  return entered.ok ? done({ visit, expiresAt, person: entered.value }) : entered;
}
