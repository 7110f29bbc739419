// What a route answers, asked again every so often while it is shown.

import { useEffect, useState } from "preact/hooks";
import type { RouteName } from "../contract/routes.ts";
import { type Ask, ask } from "./api.ts";
import { now } from "./clock.ts";

const REFRESH_MS = 15_000;

/** The latest answer; undefined before the first. It is asked again when `key` changes, too. */
export function useAnswer<N extends RouteName>(name: N, key = "", asked: () => Ask = () => ({})) {
  type Answer = Awaited<ReturnType<typeof ask<N>>>;
  const [state, setState] = useState<Answer>();
  const round = Math.floor(now.value / REFRESH_MS);
  useEffect(() => {
    const gone = new AbortController();
    void ask(name, { ...asked(), signal: gone.signal }).then((answer) => {
      if (!gone.signal.aborted) setState(answer);
    });
    return () => gone.abort();
  }, [round, key]);
  return state;
}
