// What statistics say of waits, whatever store kept them.

import * as z from "zod/mini";
import { type Statistics, WAIT_KINDS } from "../contract/statistics.ts";
import type { WaitOutcome } from "../session/transition.ts";

/** A person answered: what was dropped says nothing of how long people take. */
export const COUNTED_OUTCOMES = ["answered", "refused"] as const satisfies readonly WaitOutcome[];

const Kind = z.enum(WAIT_KINDS);

/** One wait that a person ended, as an adapter reads it; `ms` is how long it was open. */
export interface CountedWait {
  readonly kind: string;
  /** A tool, or an MCP server; "" where the host does not say. */
  readonly tool: string;
  readonly ms: number;
}

/** Counts waits by kind and by what asked, the longest total first. */
export function summarizeWaits(waits: readonly CountedWait[]): Statistics["waits"] {
  const byAsker = new Map<string, { kind: z.infer<typeof Kind>; tool: string; durations: number[] }>();
  for (const { kind, tool, ms } of waits) {
    const key = `${kind} ${tool}`;
    const asker = byAsker.get(key) ?? { kind: Kind.parse(kind), tool, durations: [] };
    asker.durations.push(Math.max(0, ms));
    byAsker.set(key, asker);
  }
  return [...byAsker.values()]
    .map(({ kind, tool, durations }) => {
      const sorted = durations.toSorted((a, b) => a - b);
      return {
        kind,
        tool,
        count: sorted.length,
        total: sorted.reduce((sum, ms) => sum + ms, 0),
        p50: sorted[Math.floor(sorted.length / 2)] ?? 0,
      };
    })
    .sort((a, b) => b.total - a.total);
}
