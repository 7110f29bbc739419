// What failed because the monitor did not answer is asked for again when it is back.

import { useEffect, useState } from "preact/hooks";
import { type Failure, NO_ANSWER } from "./api.ts";
import { returns } from "./live.ts";

/** Counts up when what `failure` stands for is to be asked for again. */
export function useAgain(failure: Failure | undefined): number {
  const [again, setAgain] = useState(0);
  const isLost = failure?.status === NO_ANSWER;
  useEffect(() => {
    if (!isLost) return;
    const from = returns.peek();
    return returns.subscribe((now) => {
      if (now !== from) setAgain((count) => count + 1);
    });
  }, [isLost]);
  return again;
}
