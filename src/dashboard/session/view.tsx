// A session: its head, and beneath it one of its tabs.

import { useEffect, useMemo } from "preact/hooks";
import type { SessionSummary } from "../../contract/session.ts";
import { useAnswer } from "../answer.ts";
import { ask } from "../api.ts";
import { sessions } from "../live.ts";
import { projectName } from "../model/format.ts";
import { sessionName } from "../model/name.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { linkTo, route } from "../route.ts";
import { useTitle } from "../title.ts";
import { Exports } from "./exports.tsx";
import { Head } from "./head.tsx";
import { firstTab, TABS, tabOf } from "./tabs.ts";

const NOT_FOUND = 404;

export function SessionView() {
  const { id } = route.value;
  return <OneSession key={id} id={id} />;
}

function OneSession({ id }: { id: string }) {
  const known = sessions.value.get(id);
  // One that is older than the list of sessions is asked for.
  const asked = useAnswer(known ? undefined : id, (signal) => ask("session", { parts: { id }, signal }));
  const summary = known ?? asked.value;
  const error = known ? undefined : asked.error;
  // While the session is looked for, so that its tab is there when it is found.
  useEffect(
    () =>
      void tabOf(route.peek().params)
        ?.load()
        .catch(() => {}),
    [],
  );
  useTitle(summary ? `${sessionName(summary)}, ${projectName(summary)}` : undefined);
  if (error?.status === NOT_FOUND)
    return (
      <div class="empty">
        <h1>This session is not stored</h1>
        <p>It may be older than what the monitor keeps, or the link is incomplete: {error.message}.</p>
      </div>
    );
  return (
    <div class="session-page">
      <Head id={id} summary={summary} />
      {error ? <Failed message={error.message} /> : null}
      {summary ? <Tabs id={id} summary={summary} /> : null}
      {summary || error ? null : <Loading text="Looking for the session…" />}
    </div>
  );
}

/** What it opens with stays, though the session ends meanwhile. */
function Tabs({ id, summary }: { id: string; summary: SessionSummary }) {
  const first = useMemo(() => firstTab(summary, Date.now()), []);
  const shown = tabOf(route.value.params) ?? first;
  return (
    <>
      <nav class="tabs" aria-label="Session">
        {TABS.map(({ name, title }) => (
          <a
            key={name}
            href={linkTo("session", id, new URLSearchParams({ tab: name }))}
            aria-current={name === shown.name ? "page" : undefined}
          >
            {title}
          </a>
        ))}
        <span class="spacer" />
        <Exports session={summary} />
      </nav>
      <shown.Component key={shown.name} id={id} summary={summary} />
    </>
  );
}
