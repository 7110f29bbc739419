// uPlot in a component: drawn anew when data, size or theme change; numbers are also given as text beside it.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { paletteOf } from "../timeline/colours.ts";

export interface Bars {
  /** Beginnings of the steps, ms since 1970, ascending. */
  readonly times: readonly number[];
  readonly series: readonly {
    readonly label: string;
    readonly values: readonly number[];
    readonly colour: "accent" | "bad";
  }[];
}

const HEIGHT = 190;

export function BarPlot({ data, label }: { data: Bars; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let plot: uPlot | undefined;
    const draw = (): void => {
      plot?.destroy();
      plot = new uPlot(
        optionsOf(data, element),
        [data.times.map((t) => t / 1000), ...data.series.map(({ values }) => [...values])] as uPlot.AlignedData,
        element,
      );
    };
    const resized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }));
    const themed = new MutationObserver(draw);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    draw();
    resized.observe(element);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    scheme.addEventListener("change", draw);
    return () => {
      scheme.removeEventListener("change", draw);
      themed.disconnect();
      resized.disconnect();
      plot?.destroy();
    };
  }, [data]);
  return <div class="plot" ref={box} role="img" aria-label={label} />;
}

function optionsOf(data: Bars, element: HTMLElement): uPlot.Options {
  const palette = paletteOf(element);
  const axis = { stroke: palette.muted, grid: { stroke: palette.line, width: 1 }, ticks: { stroke: palette.line } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { y: false, points: { show: false } },
    legend: { live: true },
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(max, 1) * 1.05] } },
    axes: [axis, { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString("en")) }],
    series: [
      { value: (_, at) => (at === null ? "–" : new Date(at * 1000).toLocaleString()) },
      ...data.series.map(({ label, colour }) => ({
        label,
        fill: palette[colour],
        stroke: palette[colour],
        width: 0,
        points: { show: false },
        paths: (uPlot.paths.bars as uPlot.Series.BarsPathBuilderFactory)({ size: [0.82, 60], align: 1 }),
      })),
    ],
  };
}
