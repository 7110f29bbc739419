// One event: readable on one side, its JSON on the other; what was redacted or cut is marked in both.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { StoredEnvelope } from "../../contract/envelope.ts";
import { useAnswer } from "../answer.ts";
import { ask } from "../api.ts";
import { record, words } from "../model/blocks.ts";
import { day, duration, preciseClock } from "../model/format.ts";
import { readable } from "../model/readable.ts";
import { Blocks } from "../part/blocks.tsx";
import { Copy } from "../part/copy.tsx";
import { Failed, Loading } from "../part/empty.tsx";
import { Json } from "../part/json.tsx";
import { linkTo, route } from "../route.ts";

const NOT_FOUND = 404;

export function EventView() {
  const { id } = route.value;
  return (
    <div class="event-page">
      <h1 class="hidden">Event</h1>
      <EventPanel id={id} wide />
    </div>
  );
}

/** @param wide readable and JSON side by side */
export function EventPanel({ id, wide = false }: { id: string; wide?: boolean }) {
  const { value, error } = useAnswer(id, (signal) => ask("event", { parts: { id }, signal }));
  if (error?.status === NOT_FOUND)
    return (
      <Failed
        title="This event is not stored"
        message={`It may be older than what the monitor keeps, or the link is incomplete: ${error.message}.`}
      />
    );
  if (error) return <Failed message={error.message} />;
  if (!value) return <Loading text="Loading the event…" />;
  return <EventDetail event={value} wide={wide} />;
}

function EventDetail({ event, wide }: { event: StoredEnvelope; wide: boolean }) {
  const [raw, setRaw] = useState(false);
  const { data } = event;
  const at = Date.parse(event.timestamp);
  const tool = words(data["tool_name"]);
  const permanent = linkTo("event", event.id);
  return (
    <article class={wide ? "event is-wide" : "event"}>
      <header>
        <h2>
          {event.hook_event_name}
          {tool ? <span class="tool">{tool}</span> : null}
        </h2>
        <p class="meta num">
          <time dateTime={event.timestamp}>
            {day(at)} {preciseClock(at)}
          </time>
          {typeof data["duration_ms"] === "number" ? <span>took {duration(data["duration_ms"])}</span> : null}
          <span>event {event.seq}</span>
          <a
            href={linkTo("session", event.session_id, new URLSearchParams({ event: event.id }))}
            title={event.session_id}
          >
            session {event.session_id.slice(0, 8)}
          </a>
        </p>
        <div class="actions">
          <a class="button is-quiet" href={permanent}>
            Permanent link
          </a>
          <Copy text={() => new URL(permanent, location.href).href} label="Copy link" />
          <Copy text={() => JSON.stringify(event, null, 2)} label="Copy JSON" />
          {wide ? null : (
            <button type="button" class="button is-quiet" aria-pressed={raw} onClick={() => setRaw(!raw)}>
              JSON
            </button>
          )}
        </div>
      </header>
      <div class="event-body">
        {raw && !wide ? null : (
          <Side>
            <Blocks blocks={readable(event)} />
            <About event={event} />
          </Side>
        )}
        {raw || wide ? (
          <Side>
            <Json value={event} />
          </Side>
        ) : null}
      </div>
    </article>
  );
}

function Side({ children }: { children: ComponentChildren }) {
  return <div class="side">{children}</div>;
}

/** "2 of aws, 1 of jwt": what the relay took out, by kind. */
function redactionsOf(added: unknown): string {
  return Object.entries(record(record(added)["redactions"]))
    .map(([kind, count]) => `${words(count)} of ${kind}`)
    .join(", ");
}

function About({ event }: { event: StoredEnvelope }) {
  const rows = [
    ["directory", event.cwd],
    ["agent", [words(event.data["agent_type"]), event.agent_id].filter(Boolean).join(" ")],
    ["call", event.correlation_id],
    ["permission mode", words(event.data["permission_mode"])],
    ["redacted", redactionsOf(event.data["mpm"])],
    ["host", [event.host.name, event.host.entrypoint, event.host.pid].filter(Boolean).join(", ")],
  ].filter(([, value]) => value) as [string, string][];
  return <Blocks blocks={[{ kind: "facts", rows }]} />;
}
