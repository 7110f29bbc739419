// uPlot in a component: drawn anew when data, size or theme change; numbers are also given as text beside it.
// - The library comes with the first plot: half of all that the page loads, for one view.

import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import { clock, day, number, short } from "../model/format.ts";
import { paletteOf } from "../timeline/colours.ts";
import { unit } from "./unit.ts";

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
    let library: typeof uPlot | undefined;
    let gone = false;
    const size = () => ({ width: element.clientWidth, height: HEIGHT * unit() });
    const draw = (): void => {
      if (!library) return;
      plot?.destroy();
      plot = new library(
        optionsOf(data, element, library),
        [data.times.map((t) => t / 1000), ...data.series.map(({ values }) => [...values])] as uPlot.AlignedData,
        element,
      );
    };
    const resized = new ResizeObserver(() => plot?.setSize(size()));
    const themed = new MutationObserver(draw);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    void import("uplot").then((loaded) => {
      library = loaded.default;
      if (!gone) draw();
    });
    resized.observe(element);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    scheme.addEventListener("change", draw);
    return () => {
      gone = true;
      scheme.removeEventListener("change", draw);
      themed.disconnect();
      resized.disconnect();
      plot?.destroy();
    };
  }, [data]);
  return <div class="plot" ref={box} role="img" aria-label={label} />;
}

function optionsOf(data: Bars, element: HTMLElement, { paths }: typeof uPlot): uPlot.Options {
  const palette = paletteOf(element);
  const step = ((data.times[1] ?? 0) - (data.times[0] ?? 0)) / 1000;
  const font = `${12 * unit()}px system-ui, sans-serif`;
  const axis = {
    font,
    stroke: palette.muted,
    grid: { stroke: palette.line, width: 1 },
    ticks: { stroke: palette.line },
  };
  const bars = paths.bars?.({ size: [0.82, 60], align: 1 });
  return {
    width: element.clientWidth,
    height: HEIGHT * unit(),
    cursor: { y: false, points: { show: false } },
    legend: { live: true },
    // The last label is as wide as a date.
    padding: [null, 40 * unit(), null, null],
    scales: {
      x: { time: true, range: (_, min, max) => [min, max + step] },
      y: { range: (_, __, max) => [0, Math.max(max, 1) * 1.05] },
    },
    axes: [
      { ...axis, values: labelsOf, space: 76 * unit(), size: 46 * unit() },
      {
        ...axis,
        size: 52 * unit(),
        values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? short(tick) : "")),
      },
    ],
    series: [
      { label: "from", value: (_, at) => momentOf(at === null ? data.times[0] : at * 1000) },
      ...data.series.map(({ label, colour, values }) => ({
        label,
        fill: palette[colour],
        stroke: palette[colour],
        width: 0,
        points: { show: false },
        // All of them, until one is pointed at.
        value: (_: uPlot, count: number | null) => number(count ?? values.reduce((sum, each) => sum + each, 0)),
        ...(bars ? { paths: bars } : {}),
      })),
    ],
  };
}

const momentOf = (t: number | undefined): string => (t === undefined ? "–" : `${day(t)} ${clock(t).slice(0, 5)}`);

/** The time of day, and the date where it is another than before. */
function labelsOf(_: uPlot, seconds: number[]): string[] {
  let before = "";
  return seconds.map((at) => {
    const date = day(at * 1000);
    const label = date === before ? clock(at * 1000).slice(0, 5) : `${clock(at * 1000).slice(0, 5)}\n${date}`;
    before = date;
    return label;
  });
}
