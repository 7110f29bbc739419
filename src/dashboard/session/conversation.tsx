// The conversation of a session as people read it: prompts and answers, calls folded between them, live while it goes on.
// - The rows of the session make the list (talk.ts); texts are read for what comes into sight.
// - Who is at the end stays there when something comes; who reads further up stays where they are.
// - The link says where one is: `at` is the first item in sight.

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Chunks } from "../conversation/chunks.tsx";
import { type Shared, Subagent } from "../conversation/items.tsx";
import { AHEAD, NEAR, openNearness } from "../conversation/near.ts";
import { openTexts, type Texts } from "../conversation/texts.ts";
import type { Conversation, Item } from "../model/conversation.ts";
import { goesOn } from "../model/lasted.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { linkWith, replace, route } from "../route.ts";
import type { TabProps } from "./tab.ts";
import { useTalk } from "./talk.ts";

/** The link follows the scrolling this long after it. */
const NOTE_AFTER_MS = 300;
/** So near to the end is at the end, pixels. */
const AT_END = 48;

export function ConversationTab({ id, summary }: TabProps) {
  const { params } = route.value;
  const first = useMemo(() => {
    if (TARGETS.some((name) => params.has(name)) || !summary) return "nothing";
    return goesOn(summary) ? "end" : "beginning";
  }, [id]);
  const isShort = params.get("show") === "answers";
  const { talk, isWhole, failure } = useTalk({ id, first, isShort, turns: summary?.turns ?? 0 });
  const texts = useMemo(() => openTexts(id), [id]);
  useEffect(() => texts.close, [texts]);
  texts.places = talk.places;
  return (
    <section class={isShort ? "talk is-short" : "talk"} aria-label="Conversation">
      {failure ? <Failed message={failure.message} /> : null}
      {texts.failure.value === undefined ? null : <p class="is-bad talk-failure">{texts.failure.value}</p>}
      <Talk
        key={String(isShort)}
        id={id}
        summary={summary}
        loaded={isWhole}
        talk={talk}
        texts={texts}
        isShort={isShort}
      />
    </section>
  );
}

interface TalkProps extends TabProps {
  readonly loaded: boolean;
  readonly talk: Conversation;
  readonly texts: Texts;
  readonly isShort: boolean;
}

function Talk({ id, summary, loaded, talk, texts, isShort }: TalkProps) {
  const printing = usePrinting();
  const isLive = summary !== undefined && goesOn(summary);
  const shared = useMemo<Shared>(
    () => ({
      session: id,
      root: summary?.project ?? "",
      isWithheld: summary?.shared !== undefined,
      texts,
      agents: talk.agents,
      opened: new Set(),
      made: new Set(),
      near: openNearness(NEAR),
      ahead: openNearness(AHEAD),
      chosen: undefined,
    }),
    [id, texts, summary?.project, summary?.shared],
  );
  useEffect(
    () => () => {
      shared.near.close();
      shared.ahead.close();
    },
    [shared],
  );
  shared.agents = talk.agents;
  const isLed = useMemo(() => TARGETS.some((name) => route.peek().params.has(name)), [id]);
  const target = useRef<Target | undefined>(undefined);
  if (loaded && target.current === undefined) {
    target.current = isLed ? targetOf(route.peek().params, talk) : NOWHERE;
    shared.chosen = target.current.id;
    for (const each of target.current.open) shared.opened.add(each);
  }
  const { items } = talk;
  const wished = target.current?.index ?? -1;
  const first = wished >= 0 ? wished : isLive ? items.length - 1 : 0;
  const box = useScroll({
    ready: loaded || (isLive && !isLed),
    isLive,
    linked: target.current?.id,
    count: items.length,
  });
  const others = talk.agents.get("") ?? [];
  const isEmpty = loaded && items.length === 0 && others.length === 0;
  const list = useMemo(
    () => <Chunks items={items} shared={shared} first={first} all={printing} />,
    [items, shared, first, printing],
  );
  return (
    <>
      <Tools box={box} isShort={isShort} items={items} />
      <section
        class="talk-scroll"
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label="Messages"
      >
        <div class="talk-body">
          {loaded || items.length > 0 ? null : <Loading text="Reading the conversation…" />}
          {isEmpty ? (
            <p class="empty">{isShort ? "Nothing was asked in it yet." : "Nothing was said or done in it yet."}</p>
          ) : null}
          {list}
          {others.map((agent) => (
            <Subagent key={agent.id} {...agent} shared={shared} />
          ))}
        </div>
      </section>
    </>
  );
}

const KINDS = [
  ["", "Everything"],
  ["answers", "Prompts and answers"],
] as const;

interface ToolsProps {
  readonly box: RefObject<HTMLElement | null>;
  readonly isShort: boolean;
  readonly items: readonly Item[];
}

function Tools({ box, isShort, items }: ToolsProps) {
  /** The turn that is read stays in sight. */
  const show = (value: string): void => {
    const at = box.current && shownIn(box.current);
    const index = items.findIndex(({ id }) => id === at);
    const near = items.slice(0, index + 1).findLast((item) => item.kind === "message");
    const turn = near?.kind === "message" && near.turn > 0 ? String(near.turn) : undefined;
    replace(linkWith({ show: value, at: undefined, turn, call: undefined }));
  };
  return (
    <div class="tools">
      <fieldset class="chips">
        <legend class="hidden">Show</legend>
        {KINDS.map(([value, label]) => (
          <label key={value}>
            <input
              type="radio"
              name="show"
              checked={(isShort ? "answers" : "") === value}
              onChange={() => show(value)}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <span class="spacer" />
      <button type="button" class="button" data-key="Home" onClick={() => box.current?.scrollTo({ top: 0 })}>
        First
      </button>
      <button
        type="button"
        class="button"
        data-key="End"
        onClick={() => box.current?.scrollTo({ top: box.current.scrollHeight })}
      >
        Newest
      </button>
    </div>
  );
}

/** What of a link leads into the conversation. */
const TARGETS = ["at", "turn", "call"] as const;

interface Target {
  /** Of the item, and the id of what in it is meant; -1 and undefined: none. */
  readonly index: number;
  readonly id: string | undefined;
  /** What has to be open for it to be seen. */
  readonly open: readonly string[];
}

const NOWHERE: Target = { index: -1, id: undefined, open: [] };

/** What the link means: an item, the prompt of a turn, or a call, wherever it stands. */
function targetOf(params: URLSearchParams, { items, agents }: Conversation): Target {
  const [at, turn, call] = TARGETS.map((name) => params.get(name));
  const way = call ? wayTo(call, items, agents) : undefined;
  if (call && way) return { index: way.index, id: call, open: [...way.open, `call-${call}`] };
  const index = items.findIndex(
    (item) =>
      item.id === at || (turn !== null && item.kind === "message" && item.role === "user" && `${item.turn}` === turn),
  );
  return { index, id: items[index]?.id, open: [] };
}

function wayTo(
  call: string,
  items: readonly Item[],
  agents: Conversation["agents"],
  depth = 0,
): { readonly index: number; readonly open: readonly string[] } | undefined {
  if (depth > MAX_NESTED) return undefined;
  for (const [index, item] of items.entries()) {
    if (item.kind !== "calls") continue;
    const group = `calls-${item.id}`;
    if (item.calls.some(({ id }) => id === call)) return { index, open: [group] };
    for (const { id } of item.calls)
      for (const agent of agents.get(id) ?? []) {
        const inside = wayTo(call, agent.items, agents, depth + 1);
        if (inside) return { index, open: [group, `agent-${agent.id}`, ...inside.open] };
      }
  }
  return undefined;
}

/** Subagents in subagents. */
const MAX_NESTED = 16;

interface Scrolling {
  readonly ready: boolean;
  readonly isLive: boolean;
  readonly linked: string | undefined;
  readonly count: number;
}

/** Leads to where the link says, or to the end of what goes on; then stays at the end, or where one is. */
function useScroll({ ready, isLive, linked, count }: Scrolling) {
  const box = useRef<HTMLElement>(null);
  const stick = useRef(false);
  const led = useRef(false);
  /** The item that is led to, until a person scrolls. */
  const target = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !ready || led.current || count === 0) return;
    led.current = true;
    target.current = linked;
    stick.current = linked === undefined && isLive;
    settle(element, stick.current, target.current);
  }, [ready, count > 0]);
  useEffect(() => {
    const element = box.current;
    const body = element?.firstElementChild;
    if (!element || !body) return;
    let timer = 0;
    const byHand = (): void => {
      target.current = undefined;
    };
    const look = (): void => {
      timer = note(element) ? 0 : window.setTimeout(look, NOTE_AFTER_MS);
    };
    const scrolled = (): void => {
      if (target.current === undefined) stick.current = isAtEnd(element);
      timer ||= window.setTimeout(look, NOTE_AFTER_MS);
    };
    const grown = new ResizeObserver(() => settle(element, stick.current, target.current));
    grown.observe(body);
    element.addEventListener("scroll", scrolled, { passive: true });
    for (const event of ["wheel", "touchstart", "pointerdown", "keydown"])
      element.addEventListener(event, byHand, { passive: true });
    return () => {
      grown.disconnect();
      clearTimeout(timer);
      element.removeEventListener("scroll", scrolled);
      for (const event of ["wheel", "touchstart", "pointerdown", "keydown"]) element.removeEventListener(event, byHand);
    };
  }, []);
  return box;
}

const isAtEnd = ({ scrollHeight, scrollTop, clientHeight }: Element): boolean =>
  scrollHeight - scrollTop - clientHeight < AT_END;

function settle(element: HTMLElement, stick: boolean, target: string | undefined): void {
  if (target !== undefined)
    element.querySelector(`[data-item="${CSS.escape(target)}"]`)?.scrollIntoView({ block: "start" });
  else if (stick) element.scrollTop = element.scrollHeight;
}

/** The id of the first item in sight, "" where none is there; undefined where it is not made yet. */
function shownIn(element: HTMLElement): string | undefined {
  const top = element.getBoundingClientRect().top + 1;
  const isBelow = (each: Element) => each.getBoundingClientRect().bottom > top;
  // From stretches on: asking for what is in one that is out of sight would lay it out.
  const stretch = [...element.querySelectorAll(".talk-stretch")].find(isBelow);
  if (!stretch) return "";
  const chunk = [...stretch.children].find(isBelow);
  const item = [...(chunk?.children ?? [])].find(isBelow);
  return item instanceof HTMLElement ? item.dataset["item"] : undefined;
}

/**
 * Writes into the link which item is the first in sight; at the end of all, and at the beginning, none. False while what is
 * in sight is not made yet.
 */
function note(element: HTMLElement): boolean {
  const { view, params } = route.peek();
  if (view !== "session" || (params.has("tab") && params.get("tab") !== "conversation")) return true; // on the way to somewhere else
  const isAtEdge = element.scrollTop < AT_END || isAtEnd(element);
  const at = isAtEdge ? undefined : shownIn(element);
  if (!isAtEdge && at === undefined) return false;
  replace(linkWith({ at, turn: undefined, call: undefined }));
  return true;
}

/** True while the page is printed: then all of it has to be there. */
function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const query = matchMedia("print");
    const follow = (): void => setPrinting(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return printing;
}
