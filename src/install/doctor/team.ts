// Checks of a team: on a machine that has joined one, whether it is let in and what waits; on its server, the database.

import { existsSync } from "node:fs";
import type { Config } from "../../config/config.ts";
import { leastContent } from "../../contract/team.ts";
import { textOf } from "../../contract/texts.ts";
import { plural, printable } from "../../platform/text.ts";
import { askRoute } from "../../services/route.ts";
import { type Membership, readMembership } from "../../team/membership.ts";
import { readOidc } from "../../team/oidc.ts";
import { type Check, type Finding, ok } from "./finding.ts";

const NAME = "team";
const SIGN_IN = "sign-in";

/** Most machines belong to none, and are told nothing of it. */
export const hasTeam = ({ paths, monitorStore }: Config): boolean =>
  monitorStore !== undefined || existsSync(paths.team);

export const team: Check = async ({ io: { config, now, signal } }) => {
  if (config.monitorStore !== undefined) return database(config.monitorStore, now);
  const read = readMembership(config.paths);
  if (!read.ok)
    return {
      name: NAME,
      state: "fail",
      finding: textOf(read.reason),
      meaning: "Nothing is sent to the team.",
      cure: "`mpm team join URL CODE` with a new code, after the file is removed.",
    };
  return read.value ? membership(config, read.value, signal) : ok(NAME, "this machine belongs to none");
};

export const hasProvider = ({ oidcIssuer, oidcClientId, monitorStore }: Config): boolean =>
  monitorStore !== undefined && (oidcIssuer !== undefined || oidcClientId !== undefined);

/** Of a team's server: whether the provider that people sign in through is set as a whole, and answers. */
export const signIn: Check = async ({ io: { config } }) => {
  const set = readOidc(config);
  if (!set.ok)
    return {
      name: SIGN_IN,
      state: "fail",
      finding: printable(textOf(set.reason)),
      meaning: "Nobody signs in through the provider; links work.",
      cure: "docs/team.md has all settings of `team.oidc`.",
    };
  if (!set.value) return ok(SIGN_IN, "no provider is set");
  const { openProvider } = await import("../../team/provider.ts");
  const { issuer, domains } = set.value;
  const looked = await openProvider(set.value, () => performance.now()).look();
  if (!looked.ok)
    return {
      name: SIGN_IN,
      state: "warn",
      finding: printable(`${issuer}: ${textOf(looked.reason)}`),
      meaning: "Nobody signs in through the provider now; links work.",
      cure: "See to it, or to team.oidc.issuer: what stands there has to be its issuer, letter by letter.",
    };
  const who =
    domains.length > 0 ? `whoever has an address of ${domains.join(", ")}, and who is invited` : "who is invited";
  return ok(SIGN_IN, printable(`${issuer} answers; ${who} may come`));
};

async function membership(
  config: Config,
  { url, token, team: known }: Membership,
  signal: AbortSignal,
): Promise<Finding> {
  const answer = await askRoute({ url, token }, "team", { signal });
  if (answer.ok) {
    const { me, team: there } = answer.value;
    const level = leastContent(config.teamContent, there.content);
    return ok(
      NAME,
      printable(`${there.name} at ${url} lets this machine in as ${me.person?.name}'s; what leaves: ${level}`),
    );
  }
  const isRefused = answer.reason.code === "token_refused";
  return {
    name: NAME,
    state: isRefused ? "fail" : "warn",
    finding: printable(`${known.name}: ${textOf(answer.reason)}`),
    meaning: "Events wait on this machine, in its own store, until the team takes them.",
    cure: isRefused
      ? "`mpm team leave`, then `mpm team join URL CODE` with a new code."
      : "See to that server; the rest goes by itself.",
  };
}

async function database(url: string, now: () => number): Promise<Finding> {
  const { openPostgres } = await import("../../store/postgres/store.ts");
  const opened = await openPostgres({ url, now, visits: true });
  if (!opened.ok)
    return {
      name: NAME,
      state: "fail",
      finding: printable(textOf(opened.reason)),
      meaning: "Monitors take nothing until it answers; machines keep what they have.",
      cure: "See to the database, or to monitor.store.",
    };
  try {
    const roster = await opened.value.team.roster();
    if (!roster) return ok(NAME, "the database answers, and is no team's: `mpm team init` makes one");
    if (!(await opened.value.team.isFenced()))
      return {
        name: NAME,
        state: "warn",
        finding: "the database's role is a superuser, or passes row-level security",
        meaning: "The database itself holds nothing back that a statement forgets to.",
        cure: "Use a role that is neither: `CREATE ROLE mpm LOGIN`, the owner of the schema mpm.",
      };
    const { people, devices } = roster;
    const isIn = ({ revokedAt }: { readonly revokedAt?: number }) => revokedAt === undefined;
    return ok(
      NAME,
      printable(
        `${roster.team.name}: ${people.filter(isIn).length} people, ${plural(devices.filter(isIn).length, "machine")}`,
      ),
    );
  } finally {
    await opened.value.close();
  }
}
