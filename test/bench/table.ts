// How benchmarks say what they measured.

export type Row = readonly [what: string, value: number, unit: string, remark?: string];

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param q 0 to 1 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** Prints a Markdown table, as it stands in the README. @param figure what the values are */
export function table(title: string, rows: readonly Row[], figure = "median"): void {
  console.log(`\n${title}\n`);
  console.log(`| what | ${figure} | |\n|---|---:|---|`);
  for (const [what, value, unit, remark] of rows)
    console.log(`| ${what} | ${value < 100 ? value.toPrecision(3) : Math.round(value)} ${unit} | ${remark ?? ""} |`);
}
