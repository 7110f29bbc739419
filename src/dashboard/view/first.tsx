// The first run, and any empty store: whether hooks are registered, and what of the past can be brought in.
// - An import goes on when the page is closed; a page that is opened meanwhile shows how far it is.

import type { ImportStatus } from "../../contract/import.ts";
import { imported, importTrouble, startImport, useImport } from "../imports.ts";
import { health } from "../live.ts";
import { day, plural } from "../model/format.ts";
import { ImportProgress } from "../part/importing.tsx";
import { Commands } from "../part/text.tsx";
import { linkTo } from "../route.ts";

export function FirstRun() {
  useImport();
  const status = imported.value;
  const trouble = importTrouble.value;
  const registered = health.value?.registered;
  if (health.value?.team) return <NothingSent />;
  return (
    <div class="empty first-run">
      <h2>No session has been seen yet</h2>
      <ol>
        <li class={registered === false ? "is-open" : "is-done"}>
          <strong>{registered === false ? "Hooks are not registered" : "Hooks are registered"}</strong>
          <p>
            <Commands
              text={
                registered === false
                  ? "`mpm install` registers them. With the plugin there is nothing to do: its hooks are not seen from here."
                  : "Start Claude Code in a project; its first event is here within a moment. If not, `mpm doctor` says why."
              }
            />
          </p>
        </li>
        <li>
          <Past status={status} />
          {trouble ? (
            <p class="is-bad" role="alert">
              <Commands text={trouble} />
            </p>
          ) : null}
        </li>
      </ol>
    </div>
  );
}

/** A team's page before anything has come that its reader may see. */
function NothingSent() {
  return (
    <div class="empty">
      <h2>Nothing has been sent yet</h2>
      <p>
        <Commands text="A machine sends once it has joined: `mpm team invite` gives a code for one, `mpm team status` says there how it goes." />
      </p>
    </div>
  );
}

function Past({ status }: { status: ImportStatus | undefined }) {
  const found = status?.found;
  if (!status || !found) return <p class="muted">Looking for past sessions on this machine…</p>;
  if (status.state === "running") return <ImportProgress status={status} />;
  if (status.state === "done" && status.progress) return <Done status={status} />;
  if (found.sessions === 0)
    return <p class="muted">Claude Code has left no transcripts here: there is nothing of the past to import.</p>;
  const since = found.oldestAt === null ? "" : `, back to ${day(found.oldestAt)}`;
  return (
    <>
      <strong>
        {plural(found.sessions, "past session")}
        {since}
      </strong>
      <p>
        Claude Code keeps transcripts on this machine. Imported, with secrets redacted as in live events, they can be
        read, searched and counted here.
      </p>
      {status.state === "failed" ? (
        <p class="is-bad">The import ended early: {status.trouble}. It goes on where it was.</p>
      ) : null}
      <button type="button" class="button is-on" onClick={() => void startImport()}>
        Import {plural(found.sessions, "session")}
      </button>
    </>
  );
}

function Done({ status: { progress } }: { status: ImportStatus }) {
  if (!progress) return null;
  return (
    <>
      <strong>{plural(progress.sessions.new, "session")} imported</strong>
      <p>
        {plural(progress.events.added, "event")}.{" "}
        {progress.skippedCount > 0
          ? `${plural(progress.skippedCount, "line")} left out; \`mpm import\` says which. `.replaceAll("`", "")
          : ""}
        <a href={linkTo("sessions")}>See the sessions</a>
      </p>
    </>
  );
}
