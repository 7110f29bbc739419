// Cost: what answers of models cost in a time, by day and model, by project, by session; each counted once.

import { useEffect } from "preact/hooks";
import { baseName } from "../../contract/project.ts";
import type { CostStatistics, Statistics } from "../../contract/statistics.ts";
import { useCounted } from "../counted.ts";
import { sessions, want } from "../live.ts";
import { dollars, number, share, short } from "../model/format.ts";
import { sessionName } from "../model/name.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { RangeChips } from "../part/range.tsx";
import { type Ranked, Ranking } from "../part/ranking.tsx";
import { Sheet } from "../part/sheet.tsx";
import { linkTo, replace, route } from "../route.ts";

const RANGES = [
  ["today", "Today", "today"],
  ["yesterday", "Yesterday", "yesterday"],
  ["7d", "7 days", "7d"],
  ["30d", "30 days", "30d"],
  ["all", "All", "0"],
] as const;
const DEFAULT_RANGE = "7d";
const REFRESH_MS = 15_000;
/** As many models have a colour of their own; what is left is one more. */
const COLOURS = ["run", "agent", "read", "edit", "wait", "other"] as const;
const MOST_SESSIONS = 25;

export function CostView() {
  const { params } = route.value;
  const range = params.get("range") ?? DEFAULT_RANGE;
  const project = params.get("project") ?? "";
  const { value, error } = useCost(range, project);
  const set = (name: string, chosen: string): void => {
    const next = new URLSearchParams(params);
    if (chosen) next.set(name, chosen);
    else next.delete(name);
    replace(linkTo("cost", "", next));
  };
  return (
    <div class="statistics cost">
      <div class="statistics-head">
        <h1>Cost</h1>
        <RangeChips ranges={RANGES} chosen={range} onChange={(chosen) => set("range", chosen)} />
        {project ? (
          <button type="button" class="button" onClick={() => set("project", "")}>
            {baseName(project)} <span aria-hidden="true">✕</span>
            <span class="hidden">: show all projects</span>
          </button>
        ) : null}
      </div>
      {error ? <Failed message={error.message} /> : value ? <Sheets value={value} /> : <Loading text="Adding up…" />}
    </div>
  );
}

function useCost(range: string, project: string) {
  const asked = () => ({
    since: RANGES.find(([key]) => key === range)?.[2] ?? DEFAULT_RANGE,
    ...(range === "yesterday" ? { until: "today" } : {}),
    ...(project ? { project } : {}),
  });
  return useCounted(`${range} ${project}`, asked, REFRESH_MS);
}

function Sheets({ value }: { value: Statistics }) {
  const { cost, tokens } = value;
  const bySession = sessionsOf(value);
  useEffect(() => void want(bySession.slice(0, MOST_SESSIONS).map(([id]) => id)), [value]);
  if (!cost || tokens.length === 0)
    return (
      <div class="empty">
        <h2>No answer of a model in this time</h2>
        <p>
          They are read from Claude Code's transcripts. <code>mpm import</code> takes past sessions in.
        </p>
      </div>
    );
  const models = cost.byModel.map(({ model }) => model);
  const sum = (field: "input" | "output" | "cacheRead" | "cacheWrite") =>
    tokens.reduce((total, row) => total + row[field], 0);
  const fromCache = sum("cacheRead");
  const read = fromCache + sum("input") + sum("cacheWrite");
  return (
    <>
      <dl class="figures is-large">
        <Figure name="in all" value={dollars(cost.total)} />
        <Figure name="per active day" value={dollars(cost.total / Math.max(1, cost.byDay.length))} />
        <Figure name="tokens in" value={short(read)} />
        <Figure name="of them from the cache" value={share(fromCache, read)} />
        <Figure name="tokens out" value={short(sum("output"))} />
        <Figure name="sessions" value={number(bySession.length)} />
      </dl>
      {cost.unpriced.length > 0 ? (
        <p class="note">
          No price is known for {cost.unpriced.join(", ")}: what it cost is not in the sums. <code>monitor.prices</code>{" "}
          can name one.
        </p>
      ) : null}
      <div class="sheets">
        <Sheet title="By day" keyed={models.slice(0, COLOURS.length)} wide>
          <Ranking rows={daysOf(cost, models)} colours={COLOURS} />
        </Sheet>
        <Sheet title="By project">
          <Ranking
            rows={cost.byProject.map(({ project, cost: each }) => ({
              name: baseName(project) || "no project",
              title: project,
              parts: [each],
              said: dollars(each),
              link: linkTo("cost", "", new URLSearchParams({ ...Object.fromEntries(route.value.params), project })),
            }))}
            colours={["run"]}
          />
        </Sheet>
        <Sheet title="By model">
          <Ranking
            rows={cost.byModel.map(({ model, cost: each }, index) => ({
              name: model,
              parts: COLOURS.map((_, place) => (place === Math.min(index, COLOURS.length - 1) ? each : 0)),
              said: dollars(each),
            }))}
            colours={COLOURS}
          />
        </Sheet>
        <Sheet title="Dearest sessions" wide>
          <Ranking
            rows={bySession.slice(0, MOST_SESSIONS).map(([id, each]) => ({
              name: nameOf(id),
              title: id,
              parts: [each],
              said: dollars(each),
              link: linkTo("session", id),
            }))}
            colours={["run"]}
          />
        </Sheet>
      </div>
      <p class="muted">
        Prices of the API{cost.pricesOf ? `, as of ${cost.pricesOf}` : ""}, or of <code>monitor.prices</code>; subagents
        are included. What a subscription costs is another matter.
      </p>
    </>
  );
}

/** The latest day first, each with the cost of every model; those without a colour are summed. */
function daysOf({ byDay }: CostStatistics, models: readonly string[]): Ranked[] {
  const own = models.slice(0, COLOURS.length - 1);
  return byDay.toReversed().map(({ day, cost, models: costs }) => {
    const parts = own.map((model) => costs[model] ?? 0);
    const rest = cost - parts.reduce((sum, part) => sum + part, 0);
    return { name: day, parts: [...parts, Math.max(0, rest)], said: dollars(cost) };
  });
}

function sessionsOf({ tokens }: Statistics): [id: string, cost: number][] {
  const sums = new Map<string, number>();
  for (const { session, cost = 0 } of tokens) sums.set(session, (sums.get(session) ?? 0) + cost);
  return [...sums].sort(([, a], [, b]) => b - a);
}

const nameOf = (id: string): string => sessionName(sessions.value.get(id) ?? { id });

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
