// The turns of a session: what was asked and answered, and where the time went. The link names the turn that is meant.
// - Of very many there is a page at a time: the latest, or those around the turn that the link names.

import { useEffect, useRef } from "preact/hooks";
import type { ChangedFile } from "../../contract/changes.ts";
import type { AnswerOf } from "../../contract/routes.ts";
import type { Signal } from "../../contract/signals.ts";
import type { Turn } from "../../contract/turn.ts";
import { promptText } from "../../session/news.ts";
import { useAnswer, type When } from "../answer.ts";
import { ask } from "../api.ts";
import type { Kept } from "../asking.ts";
import { now } from "../clock.ts";
import { clock, day, dollars, duration, moment, number, plural, short } from "../model/format.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { SignalList } from "../part/signals.tsx";
import { Marked } from "../part/text.tsx";
import { linkTo, route } from "../route.ts";
import type { TabProps } from "./tab.ts";

/** While events come, turns are read again this often. */
const AGAIN_AFTER_MS = 1000;
/** Turns of a page. */
const PAGE = 200;

export function TurnsTab({ id, summary }: TabProps) {
  const chosen = Number(route.value.params.get("turn"));
  const page = usePage(chosen, summary?.turns ?? 0);
  const { value, error } = useTurns(id, page.before);
  const files = useFiles(value && id);
  page.shown = value?.turns;
  if (error && !value) return <Failed message={error.message} />;
  if (!value) return <Loading text="Reading the turns…" />;
  const { turns, since } = value;
  const last = turns.at(-1)?.number;
  if (last === undefined)
    return (
      <p class="empty">
        {page.before === undefined ? "Nothing was asked in it yet." : "This turn is not stored any more."}
      </p>
    );
  const longest = Math.max(...turns.map(({ ms }) => ms.total), 1);
  return (
    <section class="turns-view" aria-label="Turns">
      <p class="turns-legend muted">
        <span class="key is-model" /> model <span class="key is-tools" /> tools <span class="key is-waiting" /> waiting
        for you
      </p>
      {since === undefined ? null : <Onward id={id} turn={(turns[0]?.number ?? 1) - 1} label="Earlier turns" />}
      <ol>
        {turns.map((turn) => (
          <OneTurn
            key={turn.number}
            turn={turn}
            session={id}
            root={summary?.project ?? ""}
            longest={longest}
            isChosen={turn.number === chosen}
            signals={summary?.signals}
            files={files.filter((file) => file.turns.includes(turn.number))}
          />
        ))}
      </ol>
      {page.before !== undefined && summary && last < summary.turns ? (
        <Onward id={id} turn={last + 1} label="Later turns" />
      ) : null}
    </section>
  );
}

function Onward({ id, turn, label }: { id: string; turn: number; label: string }) {
  return (
    <p class="counts">
      <a href={linkTo("session", id, new URLSearchParams({ tab: "turns", turn: String(turn) }))}>{label}</a>
    </p>
  );
}

interface TurnProps {
  readonly turn: Turn;
  readonly session: string;
  readonly root: string;
  /** ms of the longest of all */
  readonly longest: number;
  readonly isChosen: boolean;
  /** Of the session. */
  readonly signals: readonly Signal[] | undefined;
  readonly files: readonly ChangedFile[];
}

const STATES = { open: "goes on", done: "", failed: "failed", interrupted: "interrupted" } as const;

function OneTurn({ turn, session, root, longest, isChosen, signals, files }: TurnProps) {
  const box = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isChosen) box.current?.scrollIntoView({ block: "center" });
  }, [isChosen]);
  const { number: count, prompt, answer, startedAt, state, ms, calls, failed, denied, tokens, cost, slowest } = turn;
  const word = STATES[state];
  return (
    <li class={isChosen ? "turn is-chosen" : "turn"} id={`turn-${count}`} ref={box}>
      <header>
        <h2>
          <a href={linkTo("session", session, new URLSearchParams({ tab: "turns", turn: String(count) }))}>
            Turn {count}
          </a>
        </h2>
        <time
          class="muted num"
          dateTime={new Date(startedAt).toISOString()}
          title={`${day(startedAt)} ${clock(startedAt)}`}
        >
          {moment(startedAt, now.value)}
        </time>
        <strong class="num">{duration(ms.total)}</strong>
        {word ? <span class={state === "failed" ? "is-bad" : "muted"}>{word}</span> : null}
      </header>
      <p class="turn-prompt">
        <Marked text={promptText(prompt)} />
      </p>
      {answer ? (
        <p class="turn-answer muted">
          <Marked text={answer} />
        </p>
      ) : null}
      <Split ms={ms} longest={longest} />
      <p class="meta num">
        <span>{plural(calls, "tool call")}</span>
        {failed > 0 ? <span class="is-bad">✕ {number(failed)} failed</span> : null}
        {denied > 0 ? <span>⊘ {number(denied)} denied</span> : null}
        {tokens ? (
          <span title={`${number(tokens.cacheRead)} from the cache, ${number(tokens.cacheWrite)} into it`}>
            {short(tokens.input + tokens.cacheRead + tokens.cacheWrite)} tokens in, {short(tokens.output)} out
          </span>
        ) : null}
        {cost === undefined ? null : <span>{dollars(cost)}</span>}
        {slowest ? (
          <a href={linkTo("session", session, new URLSearchParams({ tab: "conversation", call: slowest.call }))}>
            slowest: {slowest.tool}, {duration(slowest.ms)}
          </a>
        ) : null}
        <a href={linkTo("session", session, new URLSearchParams({ tab: "conversation", turn: String(count) }))}>
          read it
        </a>
      </p>
      <SignalList session={{ id: session, project: root, signals }} ofTurn={count} />
      {files.length > 0 ? (
        <ul class="turn-files">
          {files.map(({ path }) => (
            <li key={path}>
              <a href={linkTo("session", session, new URLSearchParams({ tab: "files", path }))}>
                {fromRoot(path, root)}
              </a>
            </li>
          ))}
        </ul>
      ) : null}
    </li>
  );
}

function fromRoot(path: string, root: string): string {
  return root !== "" && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

/** Where the time went, as wide as the turn was long. */
function Split({ ms, longest }: { ms: Turn["ms"]; longest: number }) {
  const parts = (["model", "tools", "waiting"] as const).filter((part) => ms[part] > 0);
  const words = parts
    .map((part) => `${part === "waiting" ? "waiting for you" : part} ${duration(ms[part])}`)
    .join(", ");
  return (
    <div class="split">
      <svg role="img" aria-label={words} viewBox="0 0 1000 10" preserveAspectRatio="none">
        {parts.map((part, index) => {
          const before = parts.slice(0, index).reduce((sum, each) => sum + ms[each], 0);
          return (
            <rect
              key={part}
              class={`is-${part}`}
              x={(1000 * before) / longest}
              y={0}
              width={Math.max((1000 * ms[part]) / longest, 1)}
              height={10}
            />
          );
        })}
      </svg>
      <span class="muted num">{words}</span>
    </div>
  );
}

interface Page {
  /** The number that the page ends before; undefined: it has the latest. */
  before: number | undefined;
  shown: readonly Turn[] | undefined;
}

/** The page that has the chosen turn, of so many; one that is shown stays as long as the turn is on it. */
function usePage(chosen: number, turns: number): Page {
  const page = useRef<Page>({ before: undefined, shown: undefined }).current;
  const isShown = page.shown?.some(({ number }) => number === chosen) ?? false;
  if (!isShown) page.before = chosen > 0 && chosen <= turns - PAGE / 2 ? chosen + PAGE / 2 : undefined;
  return page;
}

/** The latest turns, or those before one. */
function useTurns(id: string, before: number | undefined): Kept<AnswerOf<"turns">> {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (before !== undefined) query.set("before", String(before));
  return useAnswer(`${id} ${before}`, (signal) => ask("turns", { parts: { id }, query, signal }), whenOf(id));
}

/** The files that were changed in it; asked for after the turns, as that takes longer and is seldom what one came for. */
function useFiles(id: string | undefined): readonly ChangedFile[] {
  const read = (signal: AbortSignal) => ask("files", { parts: { id: id ?? "" }, signal });
  return useAnswer(id, read, whenOf(id)).value?.files ?? [];
}

const whenOf = (id: string | undefined): When => ({
  rows: { afterMs: AGAIN_AFTER_MS, change: ({ session }) => session === id },
});
