// One clock for the page: it ticks once a second, and rests while nobody looks.

import { signal } from "@preact/signals";

const TICK_MS = 1000;
export const now = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, TICK_MS);
  document.addEventListener("visibilitychange", () => {
    now.value = Date.now();
  });
}
