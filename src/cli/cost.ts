// mpm cost: what answers of models cost, in tables for people and as JSON for programs.

import type { Statistics } from "../contract/statistics.ts";
import { readTime } from "../contract/time.ts";
import { printable } from "../platform/text.ts";
import { type Call, choice, flag, text } from "./arguments.ts";
import { explained } from "./ask.ts";
import { command } from "./command.ts";
import { TIME_FORMS, time } from "./filter.ts";
import { table } from "./layout.ts";
import { askStatistics } from "./stored.ts";
import { EXIT, type Io, jsonFor } from "./terminal.ts";

const DEFAULT_SINCE = "30d";
const ID_LENGTH = 8;

const OPTIONS = {
  by: choice(["day", "project", "model", "session"], "what a line stands for (default: day)"),
  since: time(`from then on (default: 30d): ${TIME_FORMS}`),
  until: time("until then, in the same forms"),
  project: text("DIR", "of this project, by its directory or name", { path: true }),
  json: flag("one JSON object"),
};

export const verb = command({
  text: [
    "Says what sessions cost in US dollars, by the prices that come with mpm or those of monitor.prices. Each answer of a model counts once; cache writes cost by how long they live.",
    "What a subscription costs is another matter: these are the prices of the API.",
  ],
  options: OPTIONS,
  run,
});

interface Line {
  readonly name: string;
  readonly cost: number;
}

async function run({ options }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  const { by = "day", since = readTime(DEFAULT_SINCE, io.now()), until, project } = options;
  const asked = await askStatistics(io, { since, until, project });
  if (!asked.ok) {
    io.err(`mpm: ${explained(asked.reason)}\n`);
    return EXIT.failed;
  }
  const { cost } = asked.value;
  if (!cost) {
    io.err(
      "mpm: the monitor is of an older version that knows no prices. `mpm monitor stop`, then `mpm monitor start`.\n",
    );
    return EXIT.failed;
  }
  const lines = linesOf(asked.value, by);
  if (options.json) {
    const { since: from, until: to } = asked.value;
    await io.out(`${jsonFor(io, { since: from, until: to, by, lines, ...cost })}\n`);
    return EXIT.done;
  }
  if (lines.length === 0 && cost.unpriced.length === 0)
    io.err("mpm: no answer of a model is known in that time. `mpm import` takes past sessions in.\n");
  else {
    const rows = [
      ...lines.map(({ name, cost: each }) => [
        printable(by === "session" ? name.slice(0, ID_LENGTH) : name),
        dollars(each),
      ]),
      ["total", dollars(cost.total)],
    ];
    await io.out(`${table(rows, io.columns).join("\n")}\n`);
    if (cost.pricesOf) await io.out(io.style.dim(`\nPrices of ${cost.pricesOf}, or of monitor.prices.\n`));
  }
  if (cost.unpriced.length > 0)
    io.err(`mpm: no price is known for ${cost.unpriced.map(printable).join(", ")}; monitor.prices can name one.\n`);
  return EXIT.done;
}

function linesOf({ cost, tokens }: Statistics, by: "day" | "project" | "model" | "session"): Line[] {
  if (!cost) return [];
  switch (by) {
    case "day":
      return cost.byDay.map(({ day, cost: each }) => ({ name: day, cost: each }));
    case "project":
      return cost.byProject.map(({ project, cost: each }) => ({ name: project || "(no project)", cost: each }));
    case "model":
      return cost.byModel.map(({ model, cost: each }) => ({ name: model, cost: each }));
    case "session": {
      const sums = new Map<string, number>();
      for (const { session, cost: each } of tokens)
        if (each !== undefined) sums.set(session, (sums.get(session) ?? 0) + each);
      return [...sums].sort(([, a], [, b]) => b - a).map(([name, each]) => ({ name, cost: each }));
    }
  }
}

const dollars = (value: number): string => `$${value.toFixed(2)}`.padStart(10);
