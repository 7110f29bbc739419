// The routes of a team: who belongs to it, how more come in, who goes, who read what.
// - Members see and manage what is their own, viewers see everybody, admins manage everybody.

import type { ReasonOf, TeamReason } from "../contract/reasons.ts";
import { DEFAULT_PAGE } from "../contract/routes.ts";
import { JoinRequest, type Pending, type Role, type Team, type TeamAnswer } from "../contract/team.ts";
import { textOf } from "../contract/texts.ts";
import type { Pricing } from "../store/port.ts";
import type { Asking, Roster, TeamStore } from "../store/team.ts";
import {
  aboutPending,
  cancel,
  invite,
  inviteAddress,
  join,
  LINK_MS,
  pending,
  personNamed,
  shown,
  signInCode,
} from "../team/codes.ts";
import type { Audit } from "./audit.ts";
import { readBodyAs } from "./body.ts";
import type { Handlers } from "./handlers.ts";
import type { Entrant, Members } from "./members.ts";
import { json, Refusal } from "./respond.ts";
import type { SignIn } from "./sign-in.ts";

const TEAM_ROUTES = [
  "team",
  "join",
  "invite",
  "invitations",
  "cancel",
  "devices",
  "revoke",
  "signIn",
  "audit",
  "activity",
] as const;

export interface TeamParts {
  readonly team: TeamStore;
  readonly members: Members;
  readonly audit: Audit;
  readonly pricing: Pricing;
  readonly signIn: () => SignIn | undefined;
  /** Where this monitor is reached, while the team says nothing else. */
  readonly url: () => string | undefined;
  /** ms since 1970 */
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
/** What a code may be good for: long enough to be typed, short enough to be forgotten. */
const MIN_CODE_MS = 60_000;
const MAX_CODE_MS = 90 * DAY_MS;

export type TeamHandlers = Pick<Handlers, (typeof TEAM_ROUTES)[number]>;

/** Answers to all of them where there is no team. */
export const NO_TEAM: TeamHandlers = (() => {
  const none = () => Promise.reject(new Refusal(404, { code: "no_team" }));
  return {
    team: none,
    join: none,
    invite: none,
    invitations: none,
    cancel: none,
    devices: none,
    revoke: none,
    signIn: none,
    audit: none,
    activity: none,
  };
})();

export function teamHandlers({ team: store, members, audit, pricing, signIn, url, now }: TeamParts): TeamHandlers {
  const roster = (): Roster => {
    const { roster } = members;
    if (!roster) throw new Refusal(404, { code: "no_team" });
    return roster;
  };
  const told = (): Team => {
    const { team } = roster();
    const at = team.url ?? url();
    return at === undefined ? team : { ...team, url: at };
  };
  const found = (person: string) => personNamed(roster(), person);

  return {
    async team({ entrant, response }) {
      const { people } = roster();
      const { role, person, device } = entrant;
      const own = role === "member" ? people.filter(({ id }) => id === person?.id) : people;
      json(response, 200, {
        team: told(),
        me: { role, ...(person ? { person } : {}), ...(device ? { device } : {}) },
        people: own,
        ...providerOf(signIn()),
      });
    },
    async join({ request, response }) {
      const asked = await readBodyAs(JoinRequest, request);
      const team = told();
      const joined = await join(store, asked, now());
      if (!joined.ok) throw new Refusal(joined.reason.code === "code_invalid" ? 403 : 409, joined.reason);
      const { person, device } = joined.value;
      await members.refresh();
      await audit.did({ role: person.role, person, device }, "joined", device.host);
      json(response, 200, { ...joined.value, team });
    },
    async invite({ entrant, query, response }) {
      const { role = "member", goodForMs, person: named, email } = query;
      if (goodForMs !== undefined && (goodForMs < MIN_CODE_MS || goodForMs > MAX_CODE_MS))
        throw new Refusal(400, {
          code: "bad_query",
          parameter: "goodForMs",
          expected: "from a minute to 90 days, in ms",
        });
      const isAdmin = entrant.role === "admin";
      // Without being an admin: another machine of one's own.
      const isOwn = named === undefined || found(named)?.id === entrant.person?.id;
      if (!isAdmin && (role !== "member" || email !== undefined || !isOwn)) throw new Refusal(403, needs("an admin"));
      const madeBy = entrant.person?.id;
      const asked = { role, goodForMs, person: isAdmin ? named : madeBy, madeBy, by: askingOf(entrant) };
      const invited = await (email === undefined
        ? invite(store, roster(), asked, now())
        : inviteAddress(store, roster(), { ...asked, email }, now()));
      if (!invited.ok) throw new Refusal(404, invited.reason);
      const { person, ...invitation } = invited.value;
      const whom = person?.name ?? named ?? role;
      await audit.did(entrant, "invited", email === undefined ? whom : `${whom}, ${email}`);
      const at = told().url;
      const name = person?.name ?? asked.person;
      json(response, 200, {
        ...invitation,
        ...(name === undefined ? {} : { name }),
        ...(at === undefined ? {} : { url: at }),
      });
    },
    async invitations({ entrant, response }) {
      json(response, 200, { invitations: (await pending(store, now())).filter(mayManage(entrant)) });
    },
    async cancel({ entrant, query: { id }, response }) {
      if (id === undefined) throw new Refusal(400, { code: "bad_query", parameter: "id", expected: "an invitation" });
      const cancelled = await cancel(store, id, mayManage(entrant), now());
      if (!cancelled.ok) throw new Refusal(404, cancelled.reason);
      await audit.did(entrant, "cancelled", aboutPending(cancelled.value, roster()));
      json(response, 200, { cancelled: cancelled.value });
    },
    async devices({ entrant, response }) {
      if (entrant.role === "admin") await audit.list(entrant, "devices"); // others are told of their own
      // The roster in memory is of the last change of who belongs; how machines are is none.
      const all = ((await store.roster()) ?? roster()).devices.map(shown);
      const own = all.filter(({ person }) => person === entrant.person?.id);
      json(response, 200, { devices: entrant.role === "admin" ? all : own });
    },
    async revoke({ entrant, query: { device, person }, response }) {
      if ((device === undefined) === (person === undefined))
        throw new Refusal(400, { code: "bad_query", parameter: "device", expected: "a device or a person" });
      const { devices } = roster();
      const isAdmin = entrant.role === "admin";
      const meant = device === undefined ? undefined : devices.find(({ id }) => id === device);
      const who = person === undefined ? undefined : found(person);
      if (!isAdmin && (who !== undefined || meant?.person !== entrant.person?.id))
        throw new Refusal(403, needs("an admin"));
      if (!meant && !who)
        throw new Refusal(404, { code: "not_found", what: device === undefined ? "person" : "device" });
      const revoked = await store.revoke(meant ? { device: meant.id } : { person: who?.id ?? "" }, now());
      await members.refresh();
      const isOwn = meant !== undefined && meant.id === entrant.device?.id;
      await audit.did(entrant, isOwn ? "left" : "revoked", meant?.host ?? who?.name);
      json(response, 200, revoked);
    },
    async signIn({ entrant, response }) {
      if (!entrant.person) throw new Refusal(403, needs("a machine that has joined"));
      const { code, expiresAt } = await signInCode(store, entrant.person, now(), LINK_MS, askingOf(entrant));
      json(response, 200, { link: `${told().url ?? ""}/login?code=${code}`, expiresAt });
    },
    async audit({ entrant, query: { limit = DEFAULT_PAGE, before }, response }) {
      if (entrant.role !== "admin") throw new Refusal(403, needs("an admin"));
      const entries = await store.noted(limit, before);
      json(response, 200, { entries, next: entries.length === limit ? (entries.at(-1)?.place ?? null) : null });
    },
    async activity({ entrant, query, response }) {
      await audit.list(entrant, "activity");
      const { role, person } = entrant;
      const { until = now(), since = until - DAY_MS } = query;
      const span = { since, until, ...(role === "member" ? { person: person?.id ?? "" } : {}) };
      json(response, 200, { since, until, people: await store.activity(span, pricing) });
    },
  };
}

const askingOf = ({ device, visit }: Entrant): Asking => ({ device: device?.id, visit });

/** Where people sign in, as the team is told. */
function providerOf(signIn: SignIn | undefined): Pick<TeamAnswer, "provider"> {
  if (!signIn || (signIn.issuer === undefined && !signIn.trouble)) return {};
  const { issuer = "", trouble } = signIn;
  return { provider: { issuer, ...(trouble ? { trouble: textOf(trouble) } : {}) } };
}

/** One's own invitations: those that one has made, and those for oneself. */
const mayManage =
  ({ role, person }: Entrant) =>
  (invitation: Pending): boolean =>
    role === "admin" || (person !== undefined && [invitation.person, invitation.madeBy].includes(person.id));

export const needs = (who: string): ReasonOf<"not_allowed"> => ({ code: "not_allowed", needs: who });

const RANK: Readonly<Record<Role, number>> = { member: 0, viewer: 1, admin: 2 };

/** Why somebody may not ask a route of a team's monitor; undefined where they may. */
export function whyNot(
  { role, person, device }: Entrant,
  least: "stranger" | "machine" | "admin" | "operator" | undefined,
): TeamReason | undefined {
  if (least === "stranger") return undefined;
  if (person === undefined) return undefined; // the operator
  if (least === "operator") return needs("the monitor's own token");
  if (device && least !== "machine") return needs("a browser that has signed in");
  if (least === "admin" && RANK[role] < RANK.admin) return needs("an admin");
  return undefined;
}
