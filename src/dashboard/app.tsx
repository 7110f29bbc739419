// The frame around every view: where one is, whether the monitor is there, and what the keys do.

import type { ComponentChildren } from "preact";
import { useErrorBoundary, useLayoutEffect, useRef } from "preact/hooks";
import { now } from "./clock.ts";
import { helpOpen, KEY_HELP, paletteOpen } from "./keys.ts";
import { lazy, NotLoaded } from "./lazy.tsx";
import { connection, health, loadedVersion, lostSince, trouble } from "./live.ts";
import { timer } from "./model/format.ts";
import { Navigation } from "./navigation.tsx";
import { noticesState, saysBlocked, toggleNotices } from "./notices.ts";
import { Dialog } from "./part/dialog.tsx";
import { Icon } from "./part/icon.tsx";
import { keepScroll } from "./place.ts";
import { nextTheme, theme } from "./preferences.ts";
import { route } from "./route.ts";
import { viewOf } from "./views.ts";

export function App() {
  const { view, id } = route.value;
  const Shown = viewOf(view)?.Component ?? NoSuchPage;
  const main = useRef<HTMLElement>(null);
  useLayoutEffect(() => (main.current ? keepScroll(main.current, "main") : undefined), [view, id]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        To the content
      </button>
      <header class="bar">
        <a class="brand" href="#/" aria-label="mpm, now">
          mpm
        </a>
        <Navigation />
        <ConnectionState />
        <Buttons />
      </header>
      <Banner />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <main id="main" tabIndex={0} ref={main}>
        <Guarded key={`${view}/${id}`}>
          <Shown />
        </Guarded>
      </main>
      {helpOpen.value ? <Help /> : null}
      {paletteOpen.value ? <Palette /> : null}
    </>
  );
}

const Palette = lazy(async () => (await import("./palette.tsx")).Palette);

/** A view that fails takes neither the others nor the stream with it. */
function Guarded({ children }: { children: ComponentChildren }) {
  const [error, tryAgain] = useErrorBoundary();
  if (!error) return <>{children}</>;
  return (
    <div class="empty" role="alert">
      <h1>This cannot be shown</h1>
      <p>
        {error instanceof NotLoaded ? "A part of the page could not be loaded" : "The page failed"}:{" "}
        <code>{String((error as Error).message ?? error)}</code>. The other views and the live stream go on;{" "}
        <code>mpm events</code> shows the same in a terminal.
      </p>
      <p class="offers">
        <button type="button" class="button" onClick={tryAgain}>
          Try again
        </button>
        <button type="button" class="button" onClick={() => location.reload()}>
          Reload the page
        </button>
      </p>
    </div>
  );
}

function NoSuchPage() {
  return (
    <div class="empty">
      <h1>There is no such page</h1>
      <p>
        <a href="#/">Now</a> shows the sessions that run.
      </p>
    </div>
  );
}

/** Whether what one sees is live, in a word. */
function ConnectionState() {
  const state = connection.value;
  const word = state === "live" ? "Live" : state === "connecting" ? "Connecting" : "Not connected";
  return (
    <span class={`connection is-${state}`} role="status">
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
  if (state !== "lost") return <News />;
  return (
    <div class="banner is-bad" role="alert">
      <strong>
        The monitor has not answered
        <span aria-hidden="true"> for {timer(now.value - (lostSince.value ?? now.value))}</span>.
      </strong>{" "}
      What is shown is as of then; nothing is lost meanwhile, and the rest comes when it is back.{" "}
      <code>mpm monitor start</code> starts it.
    </div>
  );
}

/** What is no trouble: another version, notifications that the browser blocks. */
function News() {
  const version = health.value?.version;
  if (loadedVersion.value !== undefined && version !== undefined && version !== loadedVersion.value)
    return (
      <div class="banner is-news" role="status">
        The monitor is now version {version}; this page is from {loadedVersion.value}.{" "}
        <button type="button" class="button" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    );
  if (!saysBlocked.value) return null;
  return (
    <div class="banner is-news" role="status">
      The browser blocks notifications of this page: allow them in its settings for this site.{" "}
      <button
        type="button"
        class="button"
        onClick={() => {
          saysBlocked.value = false;
        }}
      >
        OK
      </button>
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
        title="Go to (Ctrl K)"
        aria-label="Go to"
        onClick={() => {
          paletteOpen.value = true;
        }}
      >
        <Icon name="find" />
      </button>
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
        title="Keyboard shortcuts"
        aria-label="Keyboard shortcuts"
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
      title="Keyboard shortcuts"
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
