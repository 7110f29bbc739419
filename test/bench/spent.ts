// What a page's own thread does while something moves, in processor time: a busy machine makes frames late, not these figures.
// - Drawing itself is not in it: in Chromium without a graphics processor other threads and processes do that.

import type { Page } from "playwright-core";
import type { Row } from "./table.ts";

interface Spent {
  /** ms, each */
  readonly script: number;
  readonly layout: number;
  readonly style: number;
  readonly all: number;
}

/** Does something and answers what the page's thread has spent meanwhile. */
export async function spentIn<T>(
  page: Page,
  act: () => Promise<T>,
): Promise<{ readonly value: T; readonly spent: Spent }> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const look = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return new Map(metrics.map(({ name, value }) => [name, value * 1000]));
  };
  const before = await look();
  const value = await act();
  const after = await look();
  await session.detach();
  const of = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  const spent = {
    script: of("ScriptDuration"),
    layout: of("LayoutDuration"),
    style: of("RecalcStyleDuration"),
    all: of("TaskDuration"),
  };
  return { value, spent };
}

/** The row of a table: what one of so many frames takes. */
export function spentRow(name: string, frames: number, { script, layout, style, all }: Spent): Row {
  const each = (ms: number) => (ms / frames).toFixed(1);
  const rest = all - script - layout - style;
  return [
    `processor time of the page's thread for a frame, ${name}`,
    all / frames,
    "ms",
    `script ${each(script)}, style ${each(style)}, layout ${each(layout)}, painting and the rest ${each(rest)} ms; ${frames} frames`,
  ];
}
