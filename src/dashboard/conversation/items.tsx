// What a conversation is made of on the page: messages, calls folded between them, notes. A call opens to what it was given
// and what came of it; thinking opens when it is asked for.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { baseName } from "../../contract/project.ts";
import { promptText } from "../../session/news.ts";
import { useAnswer } from "../answer.ts";
import { ask } from "../api.ts";
import { now } from "../clock.ts";
import { Markdown } from "../markdown/view.tsx";
import type { Call, Conversation, Item, Note, Said, Step } from "../model/conversation.ts";
import { clock, day, duration, plural, timer } from "../model/format.ts";
import { readable } from "../model/readable.ts";
import { Blocks } from "../part/blocks.tsx";
import { Copy } from "../part/copy.tsx";
import { Marked } from "../part/text.tsx";
import { NotShared } from "../part/withheld.tsx";
import { OUTCOMES } from "../record/record.ts";
import { linkTo } from "../route.ts";
import type { Nearness } from "./near.ts";
import type { Texts } from "./texts.ts";

/** What all items of one conversation share. */
export interface Shared {
  readonly session: string;
  readonly root: string;
  /** Its machine keeps its texts to itself. */
  readonly isWithheld: boolean;
  readonly texts: Texts;
  /** As it is now: it grows while the session goes on. */
  agents: Conversation["agents"];
  /** Ids of what was opened, so that it stays open. */
  readonly opened: Set<string>;
  /** Parts of the list that were made. */
  readonly made: Set<string>;
  readonly near: Nearness;
  /** Of what has several of them. */
  readonly ahead: Nearness;
  /** The item that the link names. */
  chosen: string | undefined;
}

/** So few calls are not folded. */
const FEW = 2;

export function Items({ items, shared }: { items: readonly Item[]; shared: Shared }) {
  return (
    <>
      {items.map((item) => (
        <OneItem key={`${item.kind}-${item.id}`} item={item} shared={shared} />
      ))}
    </>
  );
}

function OneItem({ item, shared }: { item: Item; shared: Shared }) {
  switch (item.kind) {
    case "message":
      return <Message said={item} shared={shared} />;
    case "calls":
      return <Calls step={item} shared={shared} />;
    case "note":
      return <NoteLine note={item} />;
  }
}

function NoteLine({ note }: { note: Note }) {
  return (
    <p class="talk-note" data-item={note.id}>
      <span>{note.text}</span> <Time t={note.t} />
    </p>
  );
}

function Time({ t }: { t: number }) {
  return (
    <time class="num" dateTime={new Date(t).toISOString()} title={`${day(t)} ${clock(t)}`}>
      {clock(t)}
    </time>
  );
}

function Message({ said, shared }: { said: Said; shared: Shared }) {
  const { id, role, isNews, isWhole, preview, thoughts, agent, final } = said;
  const isPrompt = role === "user" && !agent;
  // An answer may have been thought about in the same event, which no row says.
  const message = isPrompt && isWhole ? undefined : shared.texts.of(id);
  const text = message?.text ?? preview;
  const who = isNews ? "Claude Code" : isPrompt ? "You" : agent ? (message?.agentType ?? "Subagent") : "Claude";
  const shape = isNews ? "is-news" : isPrompt ? "is-prompt" : final ? "is-answer is-final" : "is-answer";
  const hasThought = message?.thinking !== undefined || thoughts.length > 0;
  return (
    <article
      class={`talk-message ${shape}${shared.chosen === id ? " is-chosen" : ""}`}
      data-item={id}
      aria-label={`${who}, ${clock(said.t)}`}
    >
      <MessageHead
        said={said}
        who={who}
        turn={isPrompt ? said.turn : 0}
        model={final ? message?.model : undefined}
        session={shared.session}
        text={text}
      />
      {hasThought ? <Thinking id={id} text={message?.thinking} opened={shared.opened} /> : null}
      {text === "" && shared.isWithheld ? <NotShared /> : null}
      <Markdown text={isNews ? promptText(text) : text} />
    </article>
  );
}

interface MessageHeadProps {
  readonly said: Said;
  readonly who: string;
  /** That it begins; 0: none. */
  readonly turn: number;
  readonly model: string | undefined;
  readonly session: string;
  readonly text: string;
}

function MessageHead({ said: { id, t }, who, turn, model, session, text }: MessageHeadProps) {
  return (
    <header>
      <h2>
        <Marked text={who} />
      </h2>
      {turn > 0 ? (
        <a class="muted" href={linkTo("session", session, new URLSearchParams({ tab: "turns", turn: String(turn) }))}>
          turn {turn}
        </a>
      ) : null}
      <a
        class="muted"
        href={linkTo("session", session, new URLSearchParams({ tab: "conversation", at: id }))}
        aria-label={`Link to this message, ${clock(t)}`}
      >
        <Time t={t} />
      </a>
      {model ? (
        <span class="muted model">
          <Marked text={model} />
        </span>
      ) : null}
      <Copy text={() => text} />
    </header>
  );
}

function Thinking({ id, text, opened }: { id: string; text: string | undefined; opened: Set<string> }) {
  const [open, toggle] = useOpened(opened, `thinking-${id}`);
  return (
    <Fold open={open} onToggle={toggle} label="Thinking" className="talk-thinking">
      {text === undefined ? <p class="muted">Reading…</p> : <Markdown text={text} />}
    </Fold>
  );
}

interface FoldProps {
  readonly open: boolean;
  readonly onToggle: () => void;
  readonly label: ComponentChildren;
  readonly className: string;
  readonly children: ComponentChildren;
}

/** What is not open costs nothing. */
function Fold({ open, onToggle, label, className, children }: FoldProps) {
  return (
    <div class={open ? `${className} is-open` : className}>
      <button type="button" class="talk-fold" aria-expanded={open} onClick={onToggle}>
        <span class="mark" aria-hidden="true">
          {open ? "▾" : "▸"}
        </span>
        {label}
      </button>
      {open ? children : null}
    </div>
  );
}

function useOpened(opened: Set<string>, id: string): readonly [boolean, () => void] {
  const [open, setOpen] = useState(() => opened.has(id));
  const toggle = (): void => {
    if (open) opened.delete(id);
    else opened.add(id);
    setOpen(!open);
  };
  return [open, toggle];
}

function Calls({ step, shared }: { step: Step; shared: Shared }) {
  const { calls, id } = step;
  const [open, toggle] = useOpened(shared.opened, `calls-${id}`);
  if (calls.length <= FEW)
    return (
      <div class="talk-calls" data-item={id}>
        <Rows calls={calls} shared={shared} />
      </div>
    );
  return (
    <div data-item={id}>
      <Fold open={open} onToggle={toggle} label={<Summary calls={calls} />} className="talk-calls">
        <Rows calls={calls} shared={shared} />
      </Fold>
    </div>
  );
}

function Summary({ calls }: { calls: readonly Call[] }) {
  const tools = [...Map.groupBy(calls, ({ tool }) => tool)].sort(([, a], [, b]) => b.length - a.length);
  const failed = calls.filter(({ outcome }) => outcome === "failed").length;
  const denied = calls.filter(({ outcome }) => outcome === "denied").length;
  const first = calls[0]?.since ?? 0;
  const last = Math.max(...calls.map(({ since, ms = 0 }) => since + ms));
  return (
    <span class="talk-summary">
      <strong>{plural(calls.length, "tool call")}</strong>
      <span class="muted">
        {tools
          .slice(0, 5)
          .map(([tool, of]) => `${of.length} ${tool}`)
          .join(", ")}
        {tools.length > 5 ? ", …" : ""}
      </span>
      {failed > 0 ? <span class="is-bad">✕ {failed} failed</span> : null}
      {denied > 0 ? <span>⊘ {denied} denied</span> : null}
      <span class="muted num">{duration(last - first)}</span>
    </span>
  );
}

function Rows({ calls, shared }: { calls: readonly Call[]; shared: Shared }) {
  return (
    <ul class="talk-rows">
      {calls.map((call) => (
        <Row key={call.id} call={call} shared={shared} />
      ))}
    </ul>
  );
}

function Row({ call, shared }: { call: Call; shared: Shared }) {
  const [open, toggle] = useOpened(shared.opened, `call-${call.id}`);
  const [sign, word] = OUTCOMES[call.outcome];
  const text = shared.root !== "" ? call.text.replaceAll(`${shared.root}/`, "") : call.text;
  const agents = shared.agents.get(call.id) ?? [];
  return (
    <li class={`talk-call is-${call.outcome}`} data-item={call.id}>
      <button type="button" aria-expanded={open} onClick={toggle}>
        <span class="sign" aria-hidden="true">
          {sign}
        </span>
        <span class="hidden">{word}: </span>
        <span class="tool">{call.tool}</span>
        <span class="what">
          <Marked text={text.replace(/\s+/g, " ")} />
        </span>
        <span class="num muted">
          {call.outcome === "running" ? <Running since={call.since} /> : call.ms === undefined ? "" : duration(call.ms)}
        </span>
      </button>
      {open ? <CallDetail id={call.event} session={shared.session} /> : null}
      {agents.map(({ id, type, items }) => (
        <Subagent key={id} id={id} type={type} items={items} shared={shared} />
      ))}
    </li>
  );
}

function Running({ since }: { since: number }) {
  return <>{timer(now.value - since)}</>;
}

function CallDetail({ id, session }: { id: string; session: string }) {
  const { value, error } = useAnswer(id, (signal) => ask("event", { parts: { id }, signal }));
  return (
    <div class="talk-detail">
      {error ? <p class="is-bad">{error.message}</p> : null}
      {value ? <Blocks blocks={readable(value)} /> : null}
      <p>
        <a href={linkTo("session", session, new URLSearchParams({ tab: "timeline", event: id }))}>On the timeline</a>
      </p>
    </div>
  );
}

interface SubagentProps {
  readonly id: string;
  readonly type: string;
  readonly items: readonly Item[];
  readonly shared: Shared;
}

export function Subagent({ id, type, items, shared }: SubagentProps) {
  const [open, toggle] = useOpened(shared.opened, `agent-${id}`);
  const calls = items.flatMap((item) => (item.kind === "calls" ? item.calls : []));
  const failed = calls.filter(({ outcome }) => outcome === "failed").length;
  const label = (
    <span class="talk-summary">
      <strong>{type ? <Marked text={baseName(type)} /> : "Subagent"}</strong>
      <span class="muted">{plural(calls.length, "tool call")}</span>
      {failed > 0 ? <span class="is-bad">✕ {failed} failed</span> : null}
    </span>
  );
  return (
    <Fold open={open} onToggle={toggle} label={label} className="talk-agent">
      <div class="talk-inner">
        <Items items={items} shared={shared} />
      </div>
    </Fold>
  );
}
