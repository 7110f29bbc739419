// Events a minute over the last half hour, in a line of bars.

import { number } from "../model/format.ts";

const BAR = 4;
const HEIGHT = 20;

export function Sparkline({ pulse }: { pulse: readonly number[] }) {
  const most = Math.max(...pulse, 1);
  const path = pulse
    .map((count, index) => {
      const height = count === 0 ? 1 : Math.max((count / most) * HEIGHT, 2);
      return `M${index * BAR} ${HEIGHT - height}h${BAR - 1}v${height}h-${BAR - 1}z`;
    })
    .join("");
  const total = pulse.reduce((sum, count) => sum + count, 0);
  const label = `${number(total)} events in the last ${pulse.length} minutes, at most ${number(Math.max(...pulse, 0))} a minute`;
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${Math.max(pulse.length, 1) * BAR} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <path d={path} />
    </svg>
  );
}
