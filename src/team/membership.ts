// The team that this machine has joined: where it is, and the token by which the machine is known there.
// - It stands in one file that only its user may read; whoever leaves has it removed.

import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import * as z from "zod/mini";
import type { Paths } from "../config/config.ts";
import type { ReasonOf } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { ContentLevel, type Joined } from "../contract/team.ts";
import { makeHome } from "../platform/directory.ts";
import { replaceFile } from "../platform/file.ts";
import { readPrivate } from "../platform/read.ts";

const MAX_BYTES = 64 * 1024;
const KEY_BYTES = 32;

const Named = z.looseObject({ id: z.string(), name: z.string() });
export const Membership = z.looseObject({
  /** Where the team's monitor is reached. */
  url: z.string(),
  token: z.string(),
  device: z.looseObject({ id: z.string(), host: z.string() }),
  person: Named,
  team: z.looseObject({ name: z.string(), content: ContentLevel }),
  /** What paths and commands are hashed with: it never leaves this machine. */
  key: z.string(),
  /** ms since 1970 */
  joinedAt: z.number(),
});
export type Membership = z.infer<typeof Membership>;

export type MembershipTrouble = ReasonOf<"token_unusable">;

/** The team of this home; undefined where it has joined none; or why the file cannot be trusted. */
export function readMembership({ team: file }: Paths): Result<Membership | undefined, MembershipTrouble> {
  const unusable = (problem: MembershipTrouble["problem"]) =>
    failed<MembershipTrouble>({ code: "token_unusable", file, problem });
  const read = readPrivate(file, MAX_BYTES);
  if (read.kind === "missing") return done(undefined);
  if (read.kind === "unusable") return unusable(read.problem);
  try {
    return done(Membership.parse(JSON.parse(read.text)));
  } catch {
    return unusable("malformed");
  }
}

/** What is kept of an answer to a join. */
export function membershipOf(url: string, { token, device, person, team }: Joined, now: number): Membership {
  return {
    url,
    token,
    device: { id: device.id, host: device.host },
    person: { id: person.id, name: person.name },
    team: { name: team.name, content: team.content },
    key: randomBytes(KEY_BYTES).toString("base64url"),
    joinedAt: now,
  };
}

export function keepMembership(paths: Paths, membership: Membership): void {
  makeHome(paths.home);
  replaceFile(paths.team, `${JSON.stringify(membership, null, 2)}\n`, { durable: true });
}

export function dropMembership({ team }: Paths): void {
  rmSync(team, { force: true });
}
