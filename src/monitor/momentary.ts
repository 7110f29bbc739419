// What /metrics says of this moment, asked of the store: sessions by state, the longest wait, the cost of today.

import { SESSION_STATES, type SessionState } from "../contract/session.ts";
import type { Prices } from "../prices/prices.ts";
import type { Store } from "../store/port.ts";
import { costBetween } from "./cost.ts";
import type { Momentary } from "./metrics.ts";

const MOST_WAITING = 200;
const MS_PER_S = 1000;

export async function momentary(store: Store, prices: Prices, now: number): Promise<Momentary> {
  const sessions = new Map<SessionState, number>();
  for (const state of SESSION_STATES) {
    const { total } = await store.sessions({ limit: 1, states: [state] });
    sessions.set(state, total);
  }
  const waiting = await store.sessions({ limit: MOST_WAITING, states: ["waiting"] });
  const asked = waiting.sessions.filter(({ reason }) => reason?.code === "waiting" && reason.for.code !== "prompt");
  const oldest = Math.min(now, ...asked.map(({ since }) => since));
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  return { sessions, waiting: (now - oldest) / MS_PER_S, cost: await costBetween(store, prices, midnight, now) };
}
