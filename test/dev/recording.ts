// node test/dev/recording.ts [file]: docs/images/top.svg, a recording of `mpm top` on a busy morning that never was.
// - An SVG that moves by itself: pictures of a terminal, one after the other, without a script and without a binary.
// - The same morning each time; only what is said of "now" differs.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Envelope } from "../../src/contract/envelope.ts";
import { storeAll } from "../browser/page.ts";
import { busyMorning } from "../browser/stories.ts";
import { importTokens } from "../browser/tokens.ts";
import { runMonitor } from "../process/trust/monitor.ts";
import { dist, NODE, ROOT, run } from "../world.ts";

const [COLUMNS, ROWS] = [96, 9];
/** Of the morning, told from here on in so many steps. */
const LAST_MS = 14 * 60_000;
const STEPS = 14;
/** `mpm top` looks once a second. */
const SHOWN_AFTER_MS = 2500;

const [CELL, LINE, SIZE, MARGIN] = [8.05, 19, 13.4, 16];
const SECONDS_A_STEP = 2.2;
const COLOURS: Readonly<Record<string, string>> = {
  31: "#ff7b72",
  32: "#7ee787",
  33: "#f2cc60",
  34: "#79c0ff",
  35: "#d2a8ff",
  36: "#56d4dd",
  90: "#8b949e",
};

interface Style {
  colour?: string;
  isBold: boolean;
  isDim: boolean;
  isReversed: boolean;
}
const PLAIN: Style = { isBold: false, isDim: false, isReversed: false };

const withoutClock = (screen: string) => screen.replace(/\d\d:\d\d:\d\d/, "");
const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The style after a terminal's sequence of parameters (SGR of ECMA-48). */
function styled(before: Style, parameters: string): Style {
  let style = { ...before };
  for (const code of parameters === "" ? ["0"] : parameters.split(";")) {
    const colour = COLOURS[code];
    if (code === "0") style = { ...PLAIN };
    else if (code === "1") style.isBold = true;
    else if (code === "2") style.isDim = true;
    else if (code === "7") style.isReversed = true;
    else if (code === "22") Object.assign(style, { isBold: false, isDim: false });
    else if (code === "27") style.isReversed = false;
    else if (code === "39") delete style.colour;
    else if (colour) style.colour = colour;
  }
  return style;
}

/** A line of a terminal as texts, each at the column in which it begins. */
function drawn(line: string, y: number): string {
  let [style, column, out] = [PLAIN, 0, ""];
  for (const [, parameters, text] of line.matchAll(/\x1b\[([\d;]*)m|([^\x1b]+)/g)) {
    if (parameters !== undefined) style = styled(style, parameters);
    if (text === undefined) continue;
    for (const { 0: word, index } of text.matchAll(/\S+(?: \S+)*/g)) {
      const attributes = [
        style.colour ? ` style="fill:${style.colour}"` : "",
        style.isBold ? ' font-weight="bold"' : "",
        style.isDim ? ' opacity=".6"' : "",
      ].join("");
      const x = (MARGIN + (column + index) * CELL).toFixed(1);
      out += `<text x="${x}" y="${y}" textLength="${(word.length * CELL).toFixed(1)}"${attributes}>${escaped(word)}</text>`;
    }
    column += text.length;
  }
  return out;
}

/** The screens one after the other, over and over; who wants nothing to move sees the last. */
function animation(screens: readonly string[]): string {
  const [width, height] = [Math.round(COLUMNS * CELL + 2 * MARGIN), ROWS * LINE + 2 * MARGIN];
  const share = 100 / screens.length;
  const frames = screens.map((screen, index) => {
    const lines = screen.split("\n").map((line, row) => drawn(line, MARGIN + (row + 0.75) * LINE));
    return `<g class="frame" style="animation-delay:${(index * SECONDS_A_STEP).toFixed(1)}s">${lines.join("")}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="mpm top: sessions that wait and work, live">
<style>
text { font: ${SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #e6edf3; white-space: pre }
.frame { visibility: hidden; animation: turn ${(screens.length * SECONDS_A_STEP).toFixed(1)}s step-end infinite }
@keyframes turn { 0% { visibility: visible } ${share.toFixed(3)}% { visibility: hidden } }
@media (prefers-reduced-motion: reduce) { .frame { animation: none } .frame:last-of-type { visibility: visible } }
</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${frames.join("\n")}
</svg>
`;
}

const file = process.argv[2] ?? join(ROOT, "docs/images/top.svg");
const releases: (() => unknown)[] = [];
const scope = { after: (release: () => unknown) => void releases.push(release) } as unknown as TestContext;
try {
  const monitor = await runMonitor(scope);
  const now = Date.now();
  const stories = busyMorning(now);
  const events = stories
    .flatMap((story) => story.events)
    .sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
  const until = (t: number) => events.filter(({ timestamp }) => Date.parse(timestamp) <= t);
  const given = new Set<Envelope>();
  const tmux = (...words: string[]) =>
    run("tmux", ["-S", join(monitor.env["MPM_HOME"] ?? "", "tmux"), ...words], {
      env: { ...monitor.env, TERM: "xterm-256color", LANG: "C.UTF-8" },
    });
  releases.push(() => tmux("kill-server"));
  const screens: string[] = [];
  for (let step = 0; step <= STEPS; step++) {
    const told = now - LAST_MS + (LAST_MS * step) / STEPS;
    const next = until(told).filter((event) => !given.has(event));
    for (const event of next) given.add(event);
    await storeAll(monitor, next);
    await importTokens(monitor, stories, told);
    if (step === 0)
      await tmux(
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-s",
        "top",
        "-x",
        String(COLUMNS),
        "-y",
        String(ROWS),
        NODE,
        dist("cli.js"),
        "top",
      );
    await sleep(SHOWN_AFTER_MS);
    const screen = (await tmux("capture-pane", "-e", "-p", "-t", "top")).stdout.replace(/\n+$/, "");
    if (withoutClock(screen) !== withoutClock(screens.at(-1) ?? "")) screens.push(screen);
  }
  writeFileSync(file, animation(screens));
} finally {
  for (const release of releases.reverse()) await release();
}
