// How long each step of a start took, so that a slow one explains itself.

import type { Io } from "../cli/terminal.ts";

/** A step that takes longer says so while it lasts, on a terminal. */
const PATIENCE_MS = 1000;

export interface Steps {
  /** Measures a step; several may run at once. */
  time<T>(name: string, work: () => T | Promise<T>): Promise<T>;
  /** A line for each step, in the order in which they began, and the time since the first; on stderr. */
  report(): void;
}

/** @param watched a person looks at stderr */
export function openSteps(io: Io, watched: boolean): Steps {
  const began = performance.now();
  const steps: { name: string; start: number; end?: number }[] = [];
  return {
    async time(name, work) {
      const step: (typeof steps)[number] = { name, start: performance.now() };
      steps.push(step);
      const notice = watched ? setTimeout(() => io.err(`mpm: ${name} takes its time ...\n`), PATIENCE_MS) : undefined;
      try {
        return await work();
      } finally {
        clearTimeout(notice);
        step.end = performance.now();
      }
    },
    report() {
      const now = performance.now();
      for (const { name, start, end = now } of steps)
        io.err(
          `${name.padEnd(10)}${(end - start).toFixed(0).padStart(6)} ms, from ${(start - began).toFixed(0)} ms on\n`,
        );
      io.err(`${"start".padEnd(10)}${(now - began).toFixed(0).padStart(6)} ms, and ${began.toFixed(0)} ms to load\n`);
    },
  };
}
