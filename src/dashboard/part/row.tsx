// A session in a line: state, name, when, how long, how much, what it cost.

import type { SessionSummary } from "../../contract/session.ts";
import { now } from "../clock.ts";
import { clock, dollars, duration, number, plural } from "../model/format.ts";
import { goesOn, lastedOf } from "../model/lasted.ts";
import { sessionName } from "../model/name.ts";
import { linkTo } from "../route.ts";
import { personName, seesOthers } from "../team.ts";
import { ProjectName } from "./project.tsx";
import { SignalMark } from "./signals.tsx";
import { StateSign } from "./state.tsx";
import { Marked } from "./text.tsx";

/** @param when what stands for its time; absent: the time of day of its last event */
export function SessionRow({ session, when }: { session: SessionSummary; when?: string }) {
  const { failures, denied, cost } = session;
  return (
    <a class="session-row" href={linkTo("session", session.id)} data-session={session.id}>
      <StateSign session={session} />
      <span class="project">
        <ProjectName session={session} />
      </span>
      <span class="title">
        <SignalMark session={session} />
        {seesOthers() && session.person ? <span class="person">{personName(session.person) ?? "somebody"}</span> : null}
        <Marked text={sessionName(session)} />
      </span>
      <span class="num when">{when ?? clock(session.lastAt).slice(0, 5)}</span>
      <span class="num lasted">{duration(lastedOf(session, goesOn(session) ? now.value : 0))}</span>
      <span class="num turns">{plural(session.turns, "turn")}</span>
      <span class="num calls">{plural(session.toolCalls, "tool call")}</span>
      <span class="num outcome">
        {failures > 0 ? (
          <span class="is-bad" title={`${number(failures)} failed`}>{`✕ ${number(failures)}`}</span>
        ) : null}
        {denied > 0 ? <span title={`${number(denied)} denied`}>{` ⊘ ${number(denied)}`}</span> : null}
      </span>
      <span class="num cost">{cost === undefined ? "" : dollars(cost)}</span>
    </a>
  );
}
