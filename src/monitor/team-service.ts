// What a monitor does for a team: who is let in, what each sees, what is written down. Of a home's own store there is no team,
// and whoever has the token sees the whole of it.

import type { Server } from "socket.io";
import type { Config } from "../config/config.ts";
import { LIVE_NAMESPACE } from "../contract/live.ts";
import type { ContentLevel, SessionFacts, Team } from "../contract/team.ts";
import { textOf } from "../contract/texts.ts";
import type { Log } from "../platform/log.ts";
import type { Pricing, Store } from "../store/port.ts";
import type { PostgresStore } from "../store/postgres/store.ts";
import { leavingModel } from "../team/content.ts";
import type { Access } from "./access.ts";
import { type Audit, openAudit } from "./audit.ts";
import { ownView, type View, wholeView } from "./feed.ts";
import { type Entrant, type Members, openMembers } from "./members.ts";
import type { DeviceParts } from "./relays.ts";
import { openSignIn, type SignIn } from "./sign-in.ts";
import { NO_TEAM, type TeamHandlers, teamHandlers } from "./team.ts";

export interface TeamService {
  /** Undefined while there is no team. */
  readonly team: Team | undefined;
  readonly members: Members | undefined;
  readonly devices: DeviceParts | undefined;
  /** Undefined while there is no team. */
  readonly audit: Audit | undefined;
  /** What who has entered sees. Those who see the same are given the same. */
  viewOf(entrant: Entrant): View;
  /** Answers to the routes of a team. */
  handlers(pricing: Pricing): TeamHandlers;
  /** How browsers sign in; undefined while there is no team. */
  signIn(): SignIn | undefined;
  /** Ends the connections of those who are revoked, or whose role is another, and of devices when the team takes less or more. */
  endWhoIsOut(io: Server, access: Access): void;
  close(): void;
}

export interface TeamServiceOptions {
  readonly store: Store;
  /** The same, where several people may share it. */
  readonly shared: PostgresStore | undefined;
  readonly config: Config;
  readonly log: Log;
  /** Where this monitor is reached, while the team says nothing else. */
  readonly url: () => string | undefined;
  /** ms since 1970 */
  readonly now: () => number;
}

/** Rejects where the database cannot be asked. */
export async function openTeamService({
  store,
  shared,
  config,
  log,
  url,
  now,
}: TeamServiceOptions): Promise<TeamService> {
  const whole = wholeView(store);
  if (!shared) return alone(whole);
  const members = await openMembers({ team: shared.team, log, now });
  const audit = openAudit(shared.team, now);
  const signIn = openSignIn({ config, team: shared.team, members, audit, log, url, now });
  const own = new Map<string, View>();
  return {
    members,
    get team() {
      return members.roster?.team;
    },
    get audit() {
      return members.roster && audit;
    },
    devices: {
      content: () => members.roster?.team.content,
      async record(person, facts) {
        const most = members.roster?.team.content ?? "metadata";
        const taken = facts.map((one) => ({ ...one, facts: one.facts.flatMap((fact) => takenOf(fact, most)) }));
        const trouble = await shared.as({ user: person, users: [person] }).record(taken);
        return trouble && textOf(trouble);
      },
      report: (device, report) => shared.team.report(device, report, now()),
    },
    viewOf({ role, person }) {
      if (!person || role !== "member") return whole;
      let view = own.get(person.id);
      if (!view) {
        view = ownView(person.id, shared.as({ user: person.id, users: [person.id] }));
        own.set(person.id, view);
      }
      return view;
    },
    handlers: (pricing) => teamHandlers({ team: shared.team, members, audit, pricing, signIn, url, now }),
    signIn,
    endWhoIsOut(io, access) {
      let content = members.roster?.team.content;
      members.onChanged(() => {
        const isOther = content !== members.roster?.team.content; // devices come back, and are told the new one
        content = members.roster?.team.content;
        for (const name of ["/", LIVE_NAMESPACE])
          for (const socket of io.of(name).sockets.values()) {
            const entrant = access.entrantOf(socket.request);
            if (entrant && (!members.isIn(entrant) || (isOther && entrant.device))) socket.disconnect(true);
          }
      });
    },
    close: members.close,
  };
}

type SessionFact = SessionFacts["facts"][number];

/** What a team that asks for no more than `most` takes of a fact: the name of a branch is text, and that of a model may be. */
function takenOf(fact: SessionFact, most: ContentLevel): SessionFact[] {
  if (fact.kind === "branch") return most === "content" ? [fact] : [];
  if (fact.kind !== "answers") return [fact];
  return [{ ...fact, answers: fact.answers.map((one) => ({ ...one, model: leavingModel(one.model, most) })) }];
}

const alone = (whole: View): TeamService => ({
  team: undefined,
  members: undefined,
  devices: undefined,
  audit: undefined,
  viewOf: () => whole,
  handlers: () => NO_TEAM,
  signIn: () => undefined,
  endWhoIsOut: () => {},
  close: () => {},
});
