// Bars beside words: the length is seen, the number is read.

import { Nothing } from "./sheet.tsx";

export interface Ranked {
  readonly name: string;
  readonly title?: string;
  readonly parts: readonly number[];
  readonly said: string;
  readonly link?: string;
}

/** @param colours of the parts, in their order */
export function Ranking({ rows, colours }: { rows: readonly Ranked[]; colours: readonly string[] }) {
  if (rows.length === 0) return <Nothing />;
  const most = Math.max(...rows.map((row) => row.parts.reduce((sum, part) => sum + part, 0)), 0);
  return (
    <ol class="ranking">
      {rows.map((row) => (
        <li key={row.title ?? row.name}>
          <span class="name" title={row.title}>
            {row.link ? <a href={row.link}>{row.name}</a> : row.name}
          </span>
          <span class="num said">{row.said}</span>
          <span class="track" aria-hidden="true">
            {row.parts.map((part, index) => (
              <span
                key={colours[index]}
                class={`part is-${colours[index]}`}
                style={{ width: `${(100 * part) / (most || 1)}%` }}
              />
            ))}
          </span>
        </li>
      ))}
    </ol>
  );
}
