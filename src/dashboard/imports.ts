// The import of past sessions as the monitor does it: asked for once, and while it runs again and again.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ImportStatus } from "../contract/import.ts";
import { ask } from "./api.ts";
import { health } from "./live.ts";

const LOOK_EVERY_MS = 700;

export const imported = signal<ImportStatus | undefined>(undefined);
/** Why the monitor did not answer, in a sentence. */
export const importTrouble = signal<string | undefined>(undefined);

/** Keeps `imported` up to date while it is shown; into a team's store nothing is imported from here. */
export function useImport(): void {
  const running = imported.value?.state === "running";
  const isOwn = health.value !== undefined && health.value.team === undefined;
  useEffect(() => {
    if (!isOwn) return;
    const gone = new AbortController();
    if (!imported.peek()) void look(gone.signal);
    const timer = running ? setInterval(() => void look(gone.signal), LOOK_EVERY_MS) : undefined;
    return () => {
      gone.abort();
      clearInterval(timer);
    };
  }, [running, isOwn]);
}

export async function startImport(): Promise<void> {
  take(await ask("startImport"));
}

async function look(signal: AbortSignal): Promise<void> {
  const answer = await ask("import", { signal });
  if (!signal.aborted) take(answer);
}

function take(answer: Awaited<ReturnType<typeof ask<"import">>>): void {
  if (answer.ok) imported.value = answer.value;
  importTrouble.value = answer.ok ? undefined : answer.reason.message;
}
