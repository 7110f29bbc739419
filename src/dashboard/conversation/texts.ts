// The texts of messages, read when they are to be seen: a page of them at a time, each once.

import { batch, type Signal, signal } from "@preact/signals";
import { cursorAt, type Message } from "../../contract/conversation.ts";
import type { Place } from "../../session/conversation.ts";
import { ask, NO_ANSWER } from "../api.ts";
import { returns } from "../live.ts";

/** Messages of one request. */
const PAGE = 50;
const MAX_TRIES = 2;

export interface Texts {
  /** The message, once it is there; asks for it otherwise. */
  of(id: string): Message | undefined;
  /** The messages that there are, in order. */
  places: readonly Place[];
  /** Why texts could not be read; undefined when they could. */
  readonly failure: { readonly value: string | undefined };
  close(): void;
}

export function openTexts(session: string): Texts {
  /** One a message, so that what arrives makes nothing anew but itself. */
  const known = new Map<string, Signal<Message | undefined>>();
  const wanted = new Set<string>();
  const asked = new Set<string>();
  const tries = new Map<string, number>();
  const failure = signal<string | undefined>(undefined);
  const gone = new AbortController();
  /** Asked for while the monitor did not answer: again when it is back. */
  const unanswered = new Set<string>();
  const from = returns.peek();
  const stop = returns.subscribe((now) => {
    if (now === from) return;
    for (const id of unanswered) {
      asked.delete(id);
      want(id);
    }
    unanswered.clear();
  });
  let places: readonly Place[] = [];
  let planned = false;

  const of = (id: string): Signal<Message | undefined> => {
    const found = known.get(id) ?? signal<Message | undefined>(undefined);
    known.set(id, found);
    return found;
  };
  const postpone = (page: readonly Place[]): void => {
    for (const { id } of page) if (of(id).peek() === undefined) unanswered.add(id);
  };
  const read = async (from: number): Promise<void> => {
    const page = places.slice(from, from + PAGE);
    for (const { id } of page) asked.add(id);
    const [{ t, n } = { t: 0, n: 1 }] = page;
    const query = new URLSearchParams({ limit: String(PAGE), after: cursorAt({ t, n: n - 1 }) });
    const answer = await ask("messages", { parts: { id: session }, query, signal: gone.signal });
    if (gone.signal.aborted) return;
    failure.value = answer.ok ? undefined : answer.reason.message;
    batch(() => {
      for (const message of answer.ok ? answer.value.messages : []) of(message.id).value = message;
    });
    if (!answer.ok && answer.reason.status === NO_ANSWER) {
      postpone(page);
      return;
    }
    // What came meanwhile may have pushed some of them behind the page; what retention took does not come.
    for (const { id } of page) {
      if (of(id).peek() !== undefined || (tries.get(id) ?? 0) >= MAX_TRIES) continue;
      tries.set(id, (tries.get(id) ?? 0) + 1);
      asked.delete(id);
      if (answer.ok) want(id);
    }
  };
  const want = (id: string): void => {
    wanted.add(id);
    if (!planned) setTimeout(plan, 0);
    planned = true;
  };
  /** In order, from the first that is missing on; what is asked for in one moment is one request. */
  const plan = (): void => {
    planned = false;
    const missing = places.flatMap(({ id }, index) => (wanted.has(id) && !asked.has(id) ? [index] : []));
    wanted.clear();
    let until = -1;
    for (const index of missing) {
      if (index < until) continue;
      until = index + PAGE;
      void read(index);
    }
  };
  return {
    of(id) {
      const message = of(id).value;
      if (message || asked.has(id)) return message;
      want(id);
      return undefined;
    },
    get places() {
      return places;
    },
    set places(now) {
      places = now;
    },
    failure,
    close() {
      gone.abort();
      stop();
    },
  };
}
