// Statistics of a time, asked for again while a page shows them.

import type { Statistics } from "../contract/statistics.ts";
import { useAnswer } from "./answer.ts";
import { ask } from "./api.ts";
import type { Kept } from "./asking.ts";
import { want } from "./live.ts";

/** What GET /api/stats answers to the query that `asked` makes at each asking, every so many ms; `key` names the query. */
export function useCounted(key: string, asked: () => Record<string, string>, everyMs: number): Kept<Statistics> {
  const count = async (signal: AbortSignal) => {
    const answer = await ask("stats", { query: new URLSearchParams(asked()), signal });
    if (answer.ok) void want(answer.value.slowest.map(({ session }) => session));
    return answer;
  };
  return useAnswer(key, count, { everyMs });
}
