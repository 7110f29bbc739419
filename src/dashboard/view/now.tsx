// Now: every session that lives, the one that waits for a person first and largest; below, the ended ones by project.

import type { SessionSummary } from "../../contract/session.ts";
import { now } from "../clock.ts";
import { imported, useImport } from "../imports.ts";
import { lazy } from "../lazy.tsx";
import { connection, loading, sessions, stored, trouble } from "../live.ts";
import { moment, number, plural, projectName } from "../model/format.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { Icon } from "../part/icon.tsx";
import { ImportProgress } from "../part/importing.tsx";
import { SessionRow } from "../part/row.tsx";
import { linkTo } from "../route.ts";
import { Card, ORDER, urgencyOf } from "./card.tsx";

const ENDED_SHOWN = 20;
/** A session that is lost for longer is shown among the ended ones. */
const LOST_SHOWN_MS = 3_600_000;

function isLive(session: SessionSummary, at: number): boolean {
  if (session.state === "lost") return at - session.lastAt < LOST_SHOWN_MS;
  return session.state !== "ended";
}

export function NowView() {
  const all = [...sessions.value.values()];
  const minute = Math.floor(now.value / 60_000) * 60_000;
  const live = all
    .filter((session) => isLive(session, minute))
    .sort(
      (a, b) =>
        ORDER[urgencyOf(a)] - ORDER[urgencyOf(b)] || (a.state === "waiting" ? a.since - b.since : b.lastAt - a.lastAt),
    );
  const ended = all.filter((session) => !isLive(session, minute)).sort((a, b) => b.lastAt - a.lastAt);
  return (
    <div class="now">
      <h1 class="hidden">Now</h1>
      {all.length > 0 ? <Importing /> : null}
      {live.length > 0 ? <Counts live={live} /> : null}
      {live.length > 0 ? (
        <ul class="cards">
          {live.map((session) => (
            <Card key={session.id} session={session} />
          ))}
        </ul>
      ) : (
        <Nothing any={ended.length > 0} />
      )}
      {ended.length > 0 ? <Ended sessions={ended} /> : null}
    </div>
  );
}

function Counts({ live }: { live: readonly SessionSummary[] }) {
  const count = (state: SessionSummary["state"]): number => live.filter((session) => session.state === state).length;
  const waiting = count("waiting");
  return (
    <p class="counts" role="status">
      {waiting > 0 ? (
        <strong class="count is-waiting">
          <Icon name="wait" />
          {waiting === 1 ? "1 session waits for you" : `${waiting} sessions wait for you`}
        </strong>
      ) : null}
      <span class="count">{number(count("working"))} working</span>
      {count("interrupted") > 0 ? <span class="count">{number(count("interrupted"))} interrupted</span> : null}
      {count("idle") > 0 ? <span class="count">{number(count("idle"))} idle</span> : null}
      {count("lost") > 0 ? <span class="count">{number(count("lost"))} lost</span> : null}
    </p>
  );
}

/** One that was started by the first run, or in a terminal, goes on beside what it brings. */
function Importing() {
  useImport();
  const status = imported.value;
  if (status?.state !== "running") return null;
  return (
    <section class="importing">
      <ImportProgress status={status} />
    </section>
  );
}

const FirstRun = lazy(async () => (await import("./first.tsx")).FirstRun);

function Nothing({ any }: { any: boolean }) {
  if (trouble.value && !any) return <Failed message={trouble.value} />;
  if (loading.value || connection.value === "connecting") return <Loading text="Looking for sessions…" />;
  if (!any) return <FirstRun />;
  return (
    <div class="empty">
      <h2>Nothing runs right now</h2>
      <p>A session appears here with its first event.</p>
    </div>
  );
}

function Ended({ sessions: ended }: { sessions: readonly SessionSummary[] }) {
  const projects = Map.groupBy(ended.slice(0, ENDED_SHOWN), (session) => session.project || session.cwd || "");
  return (
    <section class="ended">
      <h2>
        Earlier <a href={linkTo("sessions")}>all {plural(stored.value ?? ended.length, "session")}</a>
      </h2>
      {[...projects].map(([project, group]) => (
        <section key={project}>
          <h3 title={project}>{projectName(group[0] as SessionSummary)}</h3>
          <ul>
            {group.map((session) => (
              <li key={session.id}>
                <SessionRow session={session} when={moment(session.lastAt, now.value)} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}
