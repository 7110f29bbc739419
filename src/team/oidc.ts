// The identity provider that people of a team sign in through, as it is set: who it is, who we are there, who may come.
// - The secret comes from the environment or from a file of this user's alone; it is never shown.
// - Nobody may come whom the team has not invited, unless a domain is named.

import { isAbsolute } from "node:path";
import type { Config } from "../config/config.ts";
import type { ReasonOf } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { readPrivate } from "../platform/read.ts";
import { isLoopback } from "../services/target.ts";

const MAX_SECRET_BYTES = 16 * 1024;

export interface Oidc {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: a client without one, whom PKCE alone protects. */
  readonly clientSecret?: string;
  readonly scope: string;
  /** The claim that says that the address is verified. */
  readonly verifiedBy: string;
  /** Those with an address there may come without an invitation. */
  readonly domains: readonly string[];
  /** Whoever comes is in one of them; empty: any, or none. */
  readonly groups: readonly string[];
}

/** Where people sign in; undefined where nothing is set, or why what is set cannot be used. */
export function readOidc(config: Config): Result<Oidc | undefined, ReasonOf<"oidc_unusable">> {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcScope: scope } = config;
  if (issuer === undefined && clientId === undefined) return done(undefined);
  const unusable = (problem: string) => failed<ReasonOf<"oidc_unusable">>({ code: "oidc_unusable", problem });
  if (issuer === undefined) return unusable("team.oidc.issuer is not set");
  if (clientId === undefined) return unusable("team.oidc.clientId is not set");
  const { protocol, hostname } = new URL(issuer);
  if (protocol !== "https:" && !isLoopback(hostname))
    return unusable("team.oidc.issuer is plain http to another machine");
  const secret = secretOf(config);
  if (!secret.ok) return secret;
  const clientSecret = secret.value;
  return done({
    issuer,
    clientId,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    scope,
    verifiedBy: config.oidcVerifiedBy,
    domains: config.oidcDomains,
    groups: config.oidcGroups,
  });
}

function secretOf({
  oidcClientSecret: given,
  oidcClientSecretFile: file,
}: Config): Result<string | undefined, ReasonOf<"oidc_unusable">> {
  if (given !== undefined || file === undefined) return done(given);
  const unusable = (problem: string) =>
    failed<ReasonOf<"oidc_unusable">>({ code: "oidc_unusable", problem: `team.oidc.secretFile ${problem}` });
  if (!isAbsolute(file)) return unusable("is no absolute path");
  try {
    const read = readPrivate(file, MAX_SECRET_BYTES);
    if (read.kind === "missing") return unusable("names a file that is not there");
    if (read.kind === "unusable") return unusable(FILE_PROBLEMS[read.problem]);
    const secret = read.text.trim();
    return secret === "" ? unusable("names an empty file") : done(secret);
  } catch {
    return unusable("names a file that cannot be read");
  }
}

const FILE_PROBLEMS = {
  link: "is a link, not a file",
  foreign: "names a file of another user's",
  readable: "names a file that other users can read",
  malformed: "names no file with a secret",
} as const;
