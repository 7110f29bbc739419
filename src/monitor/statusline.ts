// Keeps the file that the status line of Claude Code shows: who waits for a person, and what today cost.
// - Only while the file is there, and only when something changed: nobody else pays for it.

import { projectName } from "../contract/project.ts";
import type { SessionSummary, WaitReason } from "../contract/session.ts";
import type { Log } from "../platform/log.ts";
import type { Prices } from "../prices/prices.ts";
import { isWanted, type Waiting, writeStatusline } from "../services/statusline.ts";
import type { Store } from "../store/port.ts";
import { costBetween } from "./cost.ts";

export interface StatuslineOptions {
  readonly file: string;
  readonly store: Store;
  readonly prices: Prices;
  readonly log: Log;
  /** ms since 1970 */
  readonly now: () => number;
}

/** What changed is shown after this long: who waits for a person does so for seconds. */
const SETTLE_MS = 500;
/** The file may have been made, or midnight may have passed. */
const LOOK_MS = 10_000;
/** Adding up a day's answers takes milliseconds, and the sum changes with each. */
const COST_MS = 10_000;
const MOST_WAITING = 50;

/** Starts keeping it. Returns how it ends. */
export function keepStatusline({ file, store, prices, log, now }: StatuslineOptions): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let cost = { text: "", at: Number.NEGATIVE_INFINITY };
  const write = async () => {
    if (!isWanted(file)) return;
    if (now() - cost.at >= COST_MS) cost = { text: await costOfToday(store, prices, now()), at: now() };
    const { sessions } = await store.sessions({ limit: MOST_WAITING, states: ["waiting"] });
    writeStatusline(file, { cost: cost.text, waiting: sessions.flatMap(waitingOf) });
  };
  const look = () => {
    timer = undefined;
    writing = writing
      .then(write)
      .catch((error: unknown) => log.warn({ err: error }, "the status line was not written"));
  };
  const unsubscribe = store.subscribe(() => {
    if (isWanted(file)) timer ??= setTimeout(look, SETTLE_MS).unref();
  }, "own");
  const looking = setInterval(look, LOOK_MS).unref();
  look();
  return async () => {
    unsubscribe();
    clearInterval(looking);
    clearTimeout(timer);
    await writing;
  };
}

/** What a session asks a person; nothing where it only waits for the next prompt. */
function waitingOf(session: SessionSummary): Waiting[] {
  const { id, reason } = session;
  if (reason?.code !== "waiting" || reason.for.code === "prompt") return [];
  const name = projectName(session) || "a session";
  return [{ session: id, what: `${name} (${WORDS[reason.for.code]})` }];
}

const WORDS: Readonly<Record<WaitReason["code"], string>> = {
  permission: "permission",
  question: "question",
  plan: "plan",
  elicitation: "question",
  notification: "answer",
  prompt: "prompt",
};

async function costOfToday(store: Store, prices: Prices, now: number): Promise<string> {
  const sum = await costBetween(store, prices, new Date(now).setHours(0, 0, 0, 0), now);
  return sum > 0 ? `$${sum.toFixed(2)} today` : "";
}
