// What redaction costs the relay: ordinary events of 10 kB and 100 kB, text that is made to be slow, growing, and the slowest
// of all that the search of fuzzing begins with, in processor time; and the memory that packing takes (packing.ts).

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRedactor } from "../../src/event/redact.ts";
import { KINDS } from "../../src/event/secrets/table.ts";
import { piecesOf, grown as repeated, STRUCTURES } from "../fuzz/slow.ts";
import { type Example, TRUE } from "../unit/event/examples.ts";
import { NODE, ROOT } from "../world.ts";
import { eventWith, LARGE_EVENTS, PACKING_FLAGS } from "./packing.ts";
import { median, quantile, type Row, table } from "./table.ts";

const GOAL_MS = 1;
const ROUNDS = 300;
/** Characters of hostile text, and by how much it grows. */
const HOSTILE = 25_000;
const GROWN = 4;
/** What takes less is too short to be compared. */
const MEASURABLE_MS = 1;

/** Characters of a text of which the speed is told, how often it is measured, and how many of the slowest are told. */
const SPED = 16_000;
const TIMES = 2;
const SLOWEST = 10;
/** As fast a text needs no second look. Characters a ms. */
const FAST = 20_000;

const { redactor } = createRedactor({ enabled: true, patterns: [] });
const { redactor: unhurried } = createRedactor({ enabled: true, patterns: [], budgetMs: Number.POSITIVE_INFINITY });

/** Source, prose, listings and lock files, as tools print them. */
function toolOutput(): string {
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const texts = sources.map((file) => readFileSync(file, "utf8"));
  return [...texts, readFileSync(join(ROOT, "package-lock.json"), "utf8"), sources.join("\n")].join("\n");
}

const OUTPUT = toolOutput();

/** As it is read. Every time another part of the output, so that no round profits of the one before. */
function event(size: number, round: number): unknown {
  const at = (round * size) % (OUTPUT.length - size);
  const payload = {
    hook_event_name: "PostToolUse",
    session_id: "s",
    cwd: "/home/dana/tidepool",
    tool_name: "Bash",
    tool_use_id: "toolu_1",
    tool_input: { command: "cat src/*.ts", description: "Shows the source" },
    tool_response: { stdout: OUTPUT.slice(at, at + size), stderr: "", interrupted: false },
  };
  return JSON.parse(JSON.stringify(payload));
}

function time(value: unknown): number {
  const begun = performance.now();
  redactor.redact(value);
  return performance.now() - begun;
}

/** What every pattern begins with and the halves of its examples, over and over. */
function hostile(): string[] {
  return KINDS.flatMap(({ kind, words }) => {
    const [example] = TRUE[kind] as readonly Example[];
    const text = example?.text ?? "";
    const [word = text.slice(0, 4)] = words;
    return [word, `${word}=`, `${word}: "\\`, text.slice(0, -1), text.slice(0, Math.ceil(text.length / 2))];
  });
}

function ordinary(size: number): number[] {
  for (let round = 0; round < ROUNDS; round++) time(event(size, round + 7));
  return Array.from({ length: ROUNDS }, (_, round) => time(event(size, round)));
}

const [ten, hundred] = [ordinary(10_000), ordinary(100_000)];
const grown = hostile().map((piece) => {
  const text = (length: number) => piece.repeat(Math.ceil(length / piece.length));
  const least = (length: number) => Math.min(...[0, 1, 2].map(() => time(text(length))));
  return { once: least(HOSTILE), twice: least(2 * HOSTILE), more: least(GROWN * HOSTILE) };
});
const measurable = grown.filter(({ once }) => once >= MEASURABLE_MS);
const factors = (of: "twice" | "more") => measurable.map((one) => one[of] / one.once);
const slowest = Math.max(...grown.map(({ more }) => more));

table("Redaction", [
  [
    "an event of 10 kB of ordinary output",
    median(ten),
    "ms",
    `goal ${GOAL_MS} ms; p99 ${quantile(ten, 0.99).toFixed(2)} ms`,
  ],
  ["an event of 100 kB", median(hundred), "ms", `p99 ${quantile(hundred, 0.99).toFixed(2)} ms`],
  [
    `${GROWN * HOSTILE} characters of hostile text`,
    median(grown.map(({ more }) => more)),
    "ms",
    `${grown.length} texts; the slowest ${slowest.toFixed(0)} ms`,
  ],
  [
    "twice as much hostile text",
    median(factors("twice")),
    "times as long",
    `p95 ${quantile(factors("twice"), 0.95).toFixed(1)}, of ${measurable.length} texts`,
  ],
  [
    `${GROWN} times as much`,
    median(factors("more")),
    "times as long",
    `p95 ${quantile(factors("more"), 0.95).toFixed(1)}`,
  ],
]);

/** Characters a ms of processor time, the most of some attempts, without a budget. */
function speedOf(text: string): number {
  let speed = 0;
  for (let time = 0; time < TIMES && speed < FAST; time++) {
    const before = process.threadCpuUsage();
    unhurried.redact({ text });
    const { user, system } = process.threadCpuUsage(before);
    speed = Math.max(speed, (text.length * 1000) / Math.max(user + system, 1));
  }
  return speed;
}

const speeds = [...new Set([...KINDS.flatMap(piecesOf), ...STRUCTURES])]
  .flatMap((piece) => [false, true].map((varied) => ({ piece, varied, speed: speedOf(repeated(piece, SPED, varied)) })))
  .sort((a, b) => a.speed - b.speed);
const below = (speed: number) => speeds.filter((one) => one.speed < speed).length;

table(
  `The slowest of ${speeds.length} texts of ${SPED / 1000} kB, without a budget: ${below(1000)} below 1 MB/s, ${below(2000)} below 2, ${below(5000)} below 5`,
  speeds
    .slice(0, SLOWEST)
    .map(({ piece, varied, speed }) => [
      `\`${JSON.stringify(piece.slice(0, 40)).replaceAll("|", "\\|")}\`${varied ? ", each with another number" : ""}`,
      speed / 1000,
      "MB/s",
    ]),
  "processor time",
);

const file = join(tmpdir(), `packed-${process.pid}.json`);
const packed = Object.entries(LARGE_EVENTS).map(([name, output]): Row => {
  writeFileSync(file, eventWith(output()));
  const child = spawnSync(NODE, [...PACKING_FLAGS, join(import.meta.dirname, "packing.ts"), file], {
    encoding: "utf8",
  });
  return [name, Number(child.stdout), "times its size", child.stderr.trim().slice(0, 200)];
});
rmSync(file);

table("Memory of packing an event of 6 MB, with the event itself, in a process of its own", packed, "most");
