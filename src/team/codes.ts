// How people and machines come into a team: one-time codes, device tokens, sign-in links. Secrets are made here, and only
// their hashes are handed to the store.

import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { ReasonOf } from "../contract/reasons.ts";
import { done, type Result } from "../contract/result.ts";
import { DEVICE_TOKEN, type Device, type JoinRequest, type Person, type Role, type Team } from "../contract/team.ts";
import type { Roster, TeamStore } from "../store/team.ts";

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
  roster.people.find(
    ({ id, name, revokedAt }) =>
      revokedAt === undefined && (id === given || name.toLowerCase() === given.toLowerCase()),
  );

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
  /** Id of a person who is there already; absent: somebody new. */
  readonly person?: string | undefined;
  /** What somebody new is called. */
  readonly name?: string | undefined;
  /** Id of who asks: the code goes with them. */
  readonly madeBy?: string | undefined;
}

/** A code that lets one machine join. */
export async function invite(store: TeamStore, asked: Asked, now: number): Promise<Secret> {
  const { role, goodForMs = INVITATION_MS, person, name, madeBy } = asked;
  const secret = { code: newCode(), expiresAt: now + goodForMs };
  await store.addCode({
    code: hashOf(secret.code),
    purpose: "join",
    role,
    expiresAt: secret.expiresAt,
    ...(person === undefined ? {} : { person }),
    ...(name === undefined ? {} : { name }),
    ...(madeBy === undefined ? {} : { madeBy }),
  });
  return secret;
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

/** A code for a link that signs a person in once. */
export async function signInCode(
  store: TeamStore,
  { id, role }: Person,
  now: number,
  goodForMs = LINK_MS,
): Promise<Secret> {
  const secret = { code: newCode(), expiresAt: now + goodForMs };
  await store.addCode({ code: hashOf(secret.code), purpose: "open", person: id, role, expiresAt: secret.expiresAt });
  return secret;
}

/** Signs a browser in by the code of a link; `visit` is what its cookie holds. */
export async function signIn(
  store: TeamStore,
  code: string,
  now: number,
): Promise<Result<{ visit: string; expiresAt: number; person: Person }, ReasonOf<"code_invalid">>> {
  const visit = newVisit();
  const expiresAt = now + VISIT_MS;
  const signed = await store.visit(hashOf(spelled(code)), { visit: hashOf(visit), expiresAt }, now);
  return signed.ok ? done({ visit, expiresAt, person: signed.value }) : signed;
}
