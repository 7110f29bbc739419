// How long each tool's calls take: a distribution on one logarithmic axis for all, so that tools can be compared.

import type { ToolStatistics } from "../../contract/statistics.ts";
import { duration, number, share } from "../model/format.ts";

/** The axis: 1 ms to 1 h, in half powers of ten, as the histogram's steps. */
const DECADES = Math.log10(3_600_000);
const STEPS_A_DECADE = 2;
const WIDTH = 300;
const HEIGHT = 26;
const LABELS = [
  [10, "10 ms"],
  [100, "0.1 s"],
  [1000, "1 s"],
  [10_000, "10 s"],
  [60_000, "1 m"],
  [600_000, "10 m"],
] as const;

const xOf = (ms: number): number => (Math.min(Math.log10(Math.max(ms, 1)), DECADES) / DECADES) * WIDTH;

interface LatencyProps {
  readonly tools: readonly ToolStatistics[];
  /** The link of a search in the same time and project. */
  readonly found: (more: Readonly<Record<string, string>>) => string;
}

export function ToolLatency({ tools, found }: LatencyProps) {
  if (tools.length === 0) return <p class="muted">None in this time.</p>;
  const most = Math.max(...tools.map((tool) => tool.calls));
  return (
    <div class="scroll-x">
      <table class="latency">
        <thead>
          <tr>
            <th scope="col">Tool</th>
            <th scope="col">Calls</th>
            <th scope="col">Failed</th>
            <th scope="col" class="axis">
              <span class="hidden">Distribution</span>
              <span class="ticks" aria-hidden="true">
                {LABELS.map(([ms, text]) => (
                  <span key={ms} style={{ left: `${(100 * xOf(ms)) / WIDTH}%` }}>
                    {text}
                  </span>
                ))}
              </span>
            </th>
            <th scope="col">p50</th>
            <th scope="col">p95</th>
            <th scope="col">p99</th>
            <th scope="col">Longest</th>
          </tr>
        </thead>
        <tbody>
          {tools.map((tool) => (
            <tr key={tool.tool}>
              <th scope="row">
                <a href={found({ tool: tool.tool })}>{tool.tool}</a>
              </th>
              <td>
                <span class="meter" aria-hidden="true" style={{ width: `${(3.5 * tool.calls) / most}rem` }} />
                {number(tool.calls)}
              </td>
              <td class={tool.failures > 0 ? "is-bad" : ""}>
                {tool.failures > 0 ? (
                  <a href={found({ tool: tool.tool, failed: "1" })}>
                    ✕ {number(tool.failures)}, {share(tool.failures, tool.calls)}
                  </a>
                ) : (
                  "–"
                )}
              </td>
              <td class="axis">
                <Distribution tool={tool} />
              </td>
              <td>{duration(tool.p50)}</td>
              <td>{duration(tool.p95)}</td>
              <td>{duration(tool.p99)}</td>
              <td>{duration(tool.max)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Distribution({ tool }: { tool: ToolStatistics }) {
  const most = Math.max(...tool.histogram, 1);
  const step = WIDTH / DECADES / STEPS_A_DECADE;
  const bars = tool.histogram
    .map((count, index) => {
      if (count === 0) return "";
      const height = Math.max((count / most) * (HEIGHT - 6), 1.5);
      return `M${Math.max(index - 1, 0) * step} ${HEIGHT - height}h${step - 1}v${height}h${1 - step}z`;
    })
    .join("");
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {LABELS.map(([ms]) => (
        <path key={ms} class="rule" d={`M${xOf(ms)} 0V${HEIGHT}`} />
      ))}
      <path class="bars" d={bars} />
      <path class="half" d={`M${xOf(tool.p50)} 2V${HEIGHT}`} />
      <path class="tail" d={`M${xOf(tool.p95)} 3V${HEIGHT}`} />
    </svg>
  );
}
