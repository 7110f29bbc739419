// Statistics of a time, asked for again while a page shows them.

import { useEffect, useState } from "preact/hooks";
import type { Statistics } from "../contract/statistics.ts";
import { ask, type Failure } from "./api.ts";
import { now } from "./clock.ts";
import { want } from "./live.ts";

interface Counted {
  readonly value?: Statistics;
  readonly error?: Failure;
}

/** What GET /api/stats answers to the query that `asked` makes now; asked again when `key` changes and every so often, ms. */
export function useCounted(key: string, asked: () => Record<string, string>, everyMs: number): Counted {
  const [state, setState] = useState<Counted>({});
  const round = Math.floor(now.value / everyMs);
  useEffect(() => {
    const gone = new AbortController();
    void ask("stats", { query: new URLSearchParams(asked()), signal: gone.signal }).then((result) => {
      if (gone.signal.aborted) return;
      setState(result.ok ? { value: result.value } : { error: result.reason });
      if (result.ok) void want(result.value.slowest.map(({ session }) => session));
    });
    return () => gone.abort();
  }, [key, round]);
  return state;
}
