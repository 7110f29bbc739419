// Alerts: what is told and where, whether a channel works, and what was told lately.

import { useState } from "preact/hooks";
import type { AlertRecord, ChannelStatus, Delivery, TestedChannel } from "../../contract/alerts.ts";
import { useAnswer } from "../answer.ts";
import { ask, type Failure } from "../api.ts";
import { now } from "../clock.ts";
import { ago } from "../model/format.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { Sheet } from "../part/sheet.tsx";
import { Commands, Marked } from "../part/text.tsx";
import { linkTo } from "../route.ts";

const REFRESH_MS = 5000;
const LATEST = new URLSearchParams({ limit: "100" });

const WORDS: Readonly<Record<Delivery["state"], string>> = {
  waiting: "waits",
  delivered: "delivered",
  refused: "refused",
  settled: "no longer needed",
};

export function AlertsView() {
  const { value, error } = useAnswer("alerts", (signal) => ask("alerts", { query: LATEST, signal }), {
    everyMs: REFRESH_MS,
  });
  if (error && !value) return <Failed message={error.message} />;
  if (!value) return <Loading text="Asking what you are told…" />;
  return (
    <div class="statistics alerts">
      <h1>Alerts</h1>
      <p class="muted">
        <Commands text="`mpm config edit` changes rules and channels, with completion in your editor." />
      </p>
      <div class="sheets">
        <Sheet title="You are told when">
          <ul class="alert-list">
            {value.rules.map(({ when, about, to }) => (
              <li key={`${when} ${about} ${to.join()}`}>
                {about} <span class="muted">→ {to.join(", ")}</span>
              </li>
            ))}
          </ul>
          {value.quiet ? <p class="muted">Alerts wait from {value.quiet.replace("-", " to ")}.</p> : null}
          <p class="muted">
            {value.content === "content"
              ? "They say what was asked, run and said, redacted."
              : "They name projects and tools, and say no text of a session."}
          </p>
        </Sheet>
        <Sheet title="Channels">
          <ul class="alert-list">
            {value.channels.map((channel) => (
              <ChannelRow key={channel.name} channel={channel} />
            ))}
          </ul>
        </Sheet>
        <Sheet title="Told lately" wide>
          <History records={value.history} />
        </Sheet>
      </div>
    </div>
  );
}

function ChannelRow({ channel: { name, type, to, available, trouble } }: { channel: ChannelStatus }) {
  const [tested, setTested] = useState<TestedChannel | "asked" | Failure>();
  const test = async (): Promise<void> => {
    setTested("asked");
    const answer = await ask("testAlerts", { query: new URLSearchParams({ channel: name }) });
    setTested(answer.ok ? answer.value.results[0] : answer.reason);
  };
  return (
    <li>
      <div class="alert-line">
        <b>{name}</b>
        <span class="muted">
          {type}
          {to ? `, ${to}` : ""}
        </span>
        <button type="button" class="button" disabled={tested === "asked"} onClick={() => void test()}>
          Send a test<span class="hidden"> through {name}</span>
        </button>
      </div>
      {available ? null : <p class="is-bad">{trouble}</p>}
      <p role="status">{tested === undefined ? "" : outcomeOf(tested)}</p>
    </li>
  );
}

function outcomeOf(tested: TestedChannel | "asked" | Failure): string {
  if (tested === "asked") return "Sending…";
  if ("status" in tested) return tested.message;
  return tested.delivered ? "It was taken." : `It was not taken: ${tested.trouble ?? "no reason was given"}.`;
}

function History({ records }: { records: readonly AlertRecord[] }) {
  if (records.length === 0) return <p class="muted">Nothing yet.</p>;
  return (
    <ol class="alert-list">
      {records.map((record) => (
        <li key={record.id}>
          <div class="alert-line">
            <time class="num muted" dateTime={new Date(record.at).toISOString()}>
              {ago(record.at, now.value)}
            </time>
            {record.session ? (
              <a href={linkTo("session", record.session)}>
                <Marked text={record.text} />
              </a>
            ) : (
              <span>
                <Commands text={record.text} />
              </span>
            )}
          </div>
          {record.content ? (
            <p class="muted">
              <Marked text={record.content.slice(0, 300)} />
            </p>
          ) : null}
          <p class="muted">
            {record.deliveries.length === 0 ? "Shown here only." : record.deliveries.map(becameOf).join(", ")}
          </p>
        </li>
      ))}
    </ol>
  );
}

function becameOf({ channel, state, reason }: Delivery): string {
  return `${channel}: ${WORDS[state]}${reason ? ` (${reason})` : ""}`;
}
