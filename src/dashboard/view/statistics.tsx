// Statistics: what was used how often, how long it took and where it failed; plots where people would rather look.

import { useMemo } from "preact/hooks";
import { baseName } from "../../contract/project.ts";
import type { Statistics, WaitKind } from "../../contract/statistics.ts";
import { now } from "../clock.ts";
import { useCounted } from "../counted.ts";
import { sessions } from "../live.ts";
import { duration, number, plural, projectName, share, short } from "../model/format.ts";
import { shortId } from "../model/name.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { ToolLatency } from "../part/latency.tsx";
import { EventLine } from "../part/line.tsx";
import { BarPlot } from "../part/plot.tsx";
import { RangeChips } from "../part/range.tsx";
import { Ranking } from "../part/ranking.tsx";
import { Nothing, Sheet } from "../part/sheet.tsx";
import { projectNames, useProjects } from "../projects.ts";
import { linkTo, replace, route } from "../route.ts";
import { Tokens, totalOf } from "./tokens.tsx";

const HOUR_MS = 3_600_000;
const RANGES = [
  ["1h", "Last hour", HOUR_MS],
  ["24h", "24 hours", 24 * HOUR_MS],
  ["7d", "7 days", 7 * 24 * HOUR_MS],
  ["30d", "30 days", 30 * 24 * HOUR_MS],
  ["all", "All", 0],
] as const;
const DEFAULT_RANGE = "24h";
const REFRESH_MS = 30_000;
const STEPS = [
  [24 * HOUR_MS, "day"],
  [HOUR_MS, "hour"],
  [60_000, "minute"],
  [1000, "second"],
] as const;

export function StatisticsView() {
  const { params } = route.value;
  const range = params.get("range") ?? DEFAULT_RANGE;
  const project = params.get("project") ?? "";
  const { value, error } = useStatistics(range, project);
  const set = (key: string, chosen: string): void => {
    const next = new URLSearchParams(params);
    if (chosen) next.set(key, chosen);
    else next.delete(key);
    replace(linkTo("statistics", "", next));
  };
  const names = projectNames(useProjects());
  // What happened in this time, of this project.
  const found = (more: Readonly<Record<string, string>>): string => {
    const since = value && range !== "all" ? { since: String(value.since) } : {};
    return linkTo("search", "", new URLSearchParams({ ...more, ...(project ? { project } : {}), ...since }));
  };
  return (
    <div class="statistics">
      <div class="statistics-head">
        <h1>Statistics</h1>
        <RangeChips ranges={RANGES} chosen={range} onChange={(chosen) => set("range", chosen)} />
        <label>
          <span class="hidden">Project</span>
          <select class="field" value={project} onChange={(event) => set("project", event.currentTarget.value)}>
            <option value="">All projects</option>
            {[...new Set([...names, project])].filter(Boolean).map((name) => (
              <option key={name} value={name}>
                {baseName(name)}
              </option>
            ))}
          </select>
        </label>
      </div>
      {error ? (
        <Failed message={error.message} />
      ) : value ? (
        <Sheets value={value} found={found} />
      ) : (
        <Loading text="Counting…" />
      )}
    </div>
  );
}

function useStatistics(range: string, project: string) {
  const span = RANGES.find(([key]) => key === range)?.[2] ?? 0;
  const asked = () => ({
    since: span > 0 ? new Date(Date.now() - span).toISOString() : "0",
    ...(project ? { project } : {}),
  });
  return useCounted(`${range} ${project}`, asked, REFRESH_MS);
}

interface SheetsProps {
  readonly value: Statistics;
  /** The link of a search in the same time and project. */
  readonly found: (more: Readonly<Record<string, string>>) => string;
}

function Sheets({ value, found }: SheetsProps) {
  const { activity } = value;
  const bars = useMemo(
    () => ({
      times: activity.events.map((_, index) => activity.from + index * activity.step),
      series: [
        { label: "events", values: activity.events, colour: "accent" as const },
        { label: "failed", values: activity.failures, colour: "bad" as const },
      ],
    }),
    [value],
  );
  if (value.events === 0)
    return (
      <div class="empty">
        <h2>No events in this time</h2>
        <p>A longer time or another project may have some.</p>
      </div>
    );
  const waited = value.waits.reduce((sum, wait) => sum + wait.total, 0);
  return (
    <>
      <dl class="figures is-large">
        <Figure name="sessions" value={number(value.sessions)} />
        <Figure name="events" value={short(value.events)} />
        <Figure name="tool calls" value={short(value.calls)} />
        <Figure
          name="failed"
          value={share(value.failures, value.calls)}
          bad={value.failures > 0}
          link={value.failures > 0 ? found({ failed: "1" }) : undefined}
        />
        <Figure name="waited for you" value={waited > 0 ? duration(waited) : "–"} />
        <Figure
          name="tokens"
          value={value.tokens.length > 0 ? short(value.tokens.reduce((sum, row) => sum + totalOf(row), 0)) : "–"}
        />
      </dl>
      <div class="sheets">
        <Sheet title={`Activity, ${stepText(activity.step)} a bar`} wide>
          <BarPlot
            data={bars}
            label={`Events by time: ${number(value.events)} in all, ${number(value.failures)} failed`}
          />
        </Sheet>
        <Sheet title="How long calls take" wide>
          <ToolLatency tools={value.tools} found={found} />
        </Sheet>
        <Sheet title="Slowest calls" wide>
          {value.slowest.length === 0 ? <Nothing /> : null}
          <ul class="slowest">
            {value.slowest.map((row) => (
              <li key={row.id}>
                <a href={linkTo("session", row.session, new URLSearchParams({ event: row.id }))}>
                  <EventLine row={row} now={now.value} place={placeOf(row.session)} />
                </a>
              </li>
            ))}
          </ul>
        </Sheet>
        <Sheet title="Waiting for you, by what asked">
          <Ranking
            rows={value.waits.map((wait) => ({
              name: askerOf(wait),
              parts: [wait.total],
              said: `${duration(wait.total)} in ${number(wait.count)}, half within ${duration(wait.p50)}`,
            }))}
            colours={["wait"]}
          />
        </Sheet>
        <Sheet title="Files most touched" keyed={["read", "edited"]}>
          <Ranking
            rows={value.files.map((file) => ({
              name: file.file.split(/[\\/]/).slice(-2).join("/"),
              link: found({ q: `"${file.file}"` }),
              title: file.file,
              parts: [file.reads, file.edits],
              said: `${number(file.reads)} read, ${number(file.edits)} edited`,
            }))}
            colours={["read", "edit"]}
          />
        </Sheet>
        <Tokens rows={value.tokens} />
      </div>
    </>
  );
}

/** "30 minutes"; bars are as wide as whole units. */
function stepText(step: number): string {
  const unit = STEPS.find(([ms]) => step >= ms && step % ms === 0);
  return unit ? plural(step / unit[0], unit[1]) : duration(step);
}

const ASKERS: Readonly<Record<WaitKind, string>> = {
  permission: "permission",
  question: "questions",
  plan: "plans",
  elicitation: "an MCP server",
  notification: "other dialogs",
};

function askerOf({ kind, tool }: Statistics["waits"][number]): string {
  const isNamed = tool !== "" && (kind === "permission" || kind === "elicitation");
  return isNamed ? tool : ASKERS[kind];
}

function placeOf(id: string): string {
  const session = sessions.value.get(id);
  return session ? projectName(session) : shortId(id);
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly bad?: boolean;
  readonly link?: string | undefined;
}

function Figure({ name, value, bad = false, link }: FigureProps) {
  return (
    <div class={bad ? "is-bad" : ""}>
      <dt>{name}</dt>
      <dd>{link ? <a href={link}>{value}</a> : value}</dd>
    </div>
  );
}
