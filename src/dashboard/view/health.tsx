// Health: the way of an event from hook to page, where it is delayed, and above all whether something was lost.

import type { SeenHealth } from "../../contract/health.ts";
import { COUNTERS, type CounterName, LOSSES, type RelayStatus } from "../../contract/relay-status.ts";
import type { AnswerOf } from "../../contract/routes.ts";
import type { SessionSummary } from "../../contract/session.ts";
import { useAnswer } from "../answer.ts";
import { ask } from "../api.ts";
import { now } from "../clock.ts";
import { connection, health } from "../live.ts";
import { duration, moment, number, plural, projectName, size } from "../model/format.ts";
import { type Sign, signsOf, worst } from "../model/health.ts";
import { sessionName } from "../model/name.ts";
import { Loading } from "../part/empty.tsx";
import { Icon } from "../part/icon.tsx";
import { Commands } from "../part/text.tsx";
import { linkTo } from "../route.ts";

const BROKEN = new URLSearchParams({ gaps: "1", limit: "50" });

const FLOW: Readonly<Record<CounterName, string>> = {
  received: "from the hooks",
  forwarded: "to the monitor",
  repeated: "known already",
  cut: "cut to size",
  rejected: "rejected",
  dropped: "dropped",
  discarded: "rejected and removed since",
};

const VERDICTS = {
  good: ["ended", "OK"],
  care: ["lost", "Check"],
  trouble: ["failed", "Trouble"],
} as const;

const OVERALL = {
  good: "Everything arrives.",
  care: "Everything arrives, but see the marked cards.",
  trouble: "Something is wrong: see the marked cards.",
} as const;

export function HealthView() {
  const state = health.value;
  const broken = useBroken(state ? state.gaps : 0);
  if (!state && connection.value !== "lost") return <Loading text="Asking the monitor how it is…" />;
  const relays = state?.relays ?? [];
  const signs = signsOf({
    relays,
    connected: connection.value === "live",
    monitor: state,
    broken: broken?.total,
    now: now.value,
  });
  const overall = worst(signs);
  const isNew = state?.events === 0 && state.counters?.stored === 0 && overall !== "trouble";
  return (
    <div class="health">
      <h1>Health</h1>
      <p class={`overall is-${isNew ? "care" : overall}`} role="status">
        <Icon name={VERDICTS[isNew ? "care" : overall][0]} /> {isNew ? "No event has come yet." : OVERALL[overall]}
      </p>
      {isNew ? <Registered registered={state.registered} /> : null}
      <Flow relays={relays} />
      <ul class="signs">
        {signs.map((sign) => (
          <SignCard key={sign.name} sign={sign} />
        ))}
      </ul>
      {broken && broken.sessions.length > 0 ? <Broken sessions={broken.sessions} /> : null}
      <Facts state={state} relays={relays} />
    </div>
  );
}

function Registered({ registered }: { registered: boolean | undefined }) {
  return (
    <p class="muted">
      <Commands
        text={
          registered === false
            ? "Hooks are not registered: `mpm install` registers them. Those of the plugin are not seen here."
            : "Hooks are registered. Start Claude Code; if its events do not come, `mpm doctor` says why."
        }
      />
    </p>
  );
}

/** The sessions that miss events, the latest first; `gaps`: of how many, undefined where that is not said. */
function useBroken(gaps: number | undefined): AnswerOf<"sessions"> | undefined {
  return useAnswer(gaps === 0 ? undefined : String(gaps), (signal) => ask("sessions", { query: BROKEN, signal })).value;
}

function Flow({ relays }: { relays: readonly RelayStatus[] }) {
  if (relays.length === 0) return null;
  return (
    <ol class="flow" aria-label="Events since the home was made">
      {COUNTERS.map(([key]) => {
        const count = relays.reduce((sum, relay) => sum + (relay.counters[key] ?? 0), 0);
        return (
          <li key={key} class={LOSSES.includes(key) && count > 0 ? "is-loss" : ""}>
            <b>{number(count)}</b>
            <span>{FLOW[key]}</span>
          </li>
        );
      })}
    </ol>
  );
}

function SignCard({ sign }: { sign: Sign }) {
  const [icon, word] = VERDICTS[sign.state];
  return (
    <li class={`sign-card is-${sign.state}`}>
      <header>
        <h2>{sign.name}</h2>
        <span class="verdict">
          <Icon name={icon} /> {word}
        </span>
      </header>
      <p>{sign.said}</p>
      {sign.remedy ? (
        <p class="do">
          <Commands text={sign.remedy} />
        </p>
      ) : null}
    </li>
  );
}

function Broken({ sessions: broken }: { sessions: readonly SessionSummary[] }) {
  return (
    <section class="sheet">
      <h2>Sessions with gaps</h2>
      <ul>
        {broken.map((session) => (
          <li key={session.id}>
            <a href={linkTo("session", session.id)}>
              {projectName(session)}, {sessionName(session)}
            </a>{" "}
            <span class="is-bad">{plural(session.gaps, "event")} missing</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ state, relays }: { state: SeenHealth | undefined; relays: readonly RelayStatus[] }) {
  if (!state) return null;
  const rows: [string, string][] = [
    ["monitor", `${state.version}, pid ${state.pid}`],
    ["running", `since ${moment(state.startedAt, now.value)}`],
  ];
  // What is of everybody's events is not told to who sees their own.
  if (state.events !== undefined) rows.push(["stored", plural(state.events, "event")]);
  if (state.bytes !== undefined) rows.push(["size of the store", `${size(state.bytes)} of ${size(state.maxBytes)}`]);
  rows.push(["kept for", duration(state.retentionMs)]);
  if (state.clients !== undefined) rows.push(["open pages", String(state.clients)]);
  for (const relay of relays)
    rows.push([`relay on ${relay.host}`, `pid ${relay.pid}, version ${relay.version}, to ${relay.url}`]);
  return (
    <section class="sheet">
      <h2>Details</h2>
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
