// The frame around every view: where one is, whether the monitor is there, and what the keys do.

import type { ComponentChildren } from "preact";
import { useEffect, useErrorBoundary } from "preact/hooks";
import { now } from "./clock.ts";
import { helpOpen, KEY_HELP } from "./keys.ts";
import { connection, lostSince, sessions, trouble } from "./live.ts";
import { timer } from "./model/format.ts";
import { noticesState, toggleNotices } from "./notices.ts";
import { Dialog } from "./part/dialog.tsx";
import { Icon } from "./part/icon.tsx";
import { nextTheme, theme } from "./preferences.ts";
import { linkTo, route } from "./route.ts";
import { SessionView } from "./session/view.tsx";
import { EventView } from "./view/event.tsx";
import { HealthView } from "./view/health.tsx";
import { NowView } from "./view/now.tsx";
import { SearchView } from "./view/search.tsx";
import { StatisticsView } from "./view/statistics.tsx";

const VIEWS = [
  { view: "", title: "Now", key: "1" },
  { view: "search", title: "Search", key: "2" },
  { view: "statistics", title: "Statistics", key: "3" },
  { view: "health", title: "Health", key: "4" },
] as const;

export function App() {
  const { view } = route.value;
  const waiting = [...sessions.value.values()].filter((session) => session.state === "waiting").length;
  const title = VIEWS.find((entry) => entry.view === view)?.title ?? (view === "session" ? "Session" : "Event");
  useEffect(() => {
    // The tab says it too, for whoever has many of them.
    document.title = `${waiting > 0 ? `(${waiting}) waits · ` : ""}${title} · mpm`;
  }, [waiting, title]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        To the content
      </button>
      <header class="bar">
        <a class="brand" href="#/" aria-label="mpm, now">
          mpm
        </a>
        <nav aria-label="Views">
          {VIEWS.map((entry) => (
            <a
              key={entry.view}
              href={linkTo(entry.view)}
              data-key={entry.key}
              aria-current={entry.view === view ? "page" : undefined}
            >
              {entry.title}
              {entry.view === "" && waiting > 0 ? (
                <span class="badge" title={`${waiting} waiting`}>
                  {waiting}
                </span>
              ) : null}
            </a>
          ))}
        </nav>
        <Link />
        <Buttons />
      </header>
      <Banner />
      <main id="main" tabIndex={-1}>
        <Guarded key={`${view}/${route.value.id}`}>
          <View view={view} />
        </Guarded>
      </main>
      {helpOpen.value ? <Help /> : null}
    </>
  );
}

/** A view that fails takes neither the others nor the stream with it. */
function Guarded({ children }: { children: ComponentChildren }) {
  const [error, tryAgain] = useErrorBoundary();
  if (!error) return <>{children}</>;
  return (
    <div class="empty" role="alert">
      <h1>This cannot be shown</h1>
      <p>
        The page failed: <code>{String((error as Error).message ?? error)}</code>. The other views and the live stream
        go on; <code>mpm events</code> shows the same in a terminal.
      </p>
      <p>
        <button type="button" class="button" onClick={tryAgain}>
          Try again
        </button>
      </p>
    </div>
  );
}

function View({ view }: { view: string }) {
  switch (view) {
    case "":
      return <NowView />;
    case "session":
      return <SessionView />;
    case "event":
      return <EventView />;
    case "search":
      return <SearchView />;
    case "statistics":
      return <StatisticsView />;
    case "health":
      return <HealthView />;
    default:
      return (
        <div class="empty">
          <h1>There is no such page</h1>
          <p>
            <a href="#/">Now</a> shows the sessions that run.
          </p>
        </div>
      );
  }
}

/** Whether what one sees is live, in a word. */
function Link() {
  const state = connection.value;
  const word = state === "live" ? "Live" : state === "connecting" ? "Connecting" : "Not connected";
  return (
    <span class={`link is-${state}`} role="status">
      <span class="dot" aria-hidden="true" />
      <span class="word">{word}</span>
    </span>
  );
}

function Banner() {
  const state = connection.value;
  if (state === "refused")
    return (
      <div class="banner is-bad" role="alert">
        <strong>This page has not been let in.</strong> Run <code>mpm monitor open</code> for a link that does.
        {trouble.value ? ` (${trouble.value})` : ""}
      </div>
    );
  if (state !== "lost") return null;
  return (
    <div class="banner is-bad" role="alert">
      <strong>
        The monitor does not answer
        <span aria-hidden="true"> for {timer(now.value - (lostSince.value ?? now.value))}</span>.
      </strong>{" "}
      What is shown is as of then; nothing is lost meanwhile, and the rest comes when it is back.{" "}
      <code>mpm monitor start</code> starts it.
    </div>
  );
}

function Buttons() {
  const current = theme.value;
  const icon = current === "light" ? "sun" : current === "dark" ? "moon" : "system";
  return (
    <div class="buttons">
      <button
        type="button"
        class="icon-button"
        data-key="n"
        aria-pressed={noticesState.value === "on"}
        title={`Notifications: ${noticesState.value}`}
        aria-label="Notifications"
        onClick={() => void toggleNotices()}
      >
        <Icon name="bell" />
      </button>
      <button
        type="button"
        class="icon-button"
        data-key="t"
        title={`Theme: ${current}`}
        aria-label={`Theme: ${current}`}
        onClick={() => {
          theme.value = nextTheme(current);
        }}
      >
        <Icon name={icon} />
      </button>
      <button
        type="button"
        class="icon-button"
        data-key="?"
        title="Keys"
        aria-label="Keys"
        onClick={() => {
          helpOpen.value = true;
        }}
      >
        <Icon name="keys" />
      </button>
    </div>
  );
}

function Help() {
  return (
    <Dialog
      title="Keys"
      onClose={() => {
        helpOpen.value = false;
      }}
    >
      <dl class="keys">
        {KEY_HELP.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
