// Statistics of tokens: by model, project and session, with their cost where prices are configured.

import { baseName } from "../../contract/project.ts";
import type { TokenStatistics } from "../../contract/statistics.ts";
import { sessions } from "../live.ts";
import { dollars, short } from "../model/format.ts";
import { type Ranked, Ranking } from "../part/ranking.tsx";
import { Sheet } from "../part/sheet.tsx";
import { linkTo } from "../route.ts";

export const totalOf = (row: TokenStatistics): number => row.input + row.output + row.cacheRead + row.cacheWrite;
const TOKEN_COLOURS = ["run", "agent", "read", "edit"] as const;
const RANKED_TOKENS = 12;

export function Tokens({ rows }: { rows: readonly TokenStatistics[] }) {
  const by = (
    key: (row: TokenStatistics) => string,
    name: (key: string) => string,
    link?: (key: string) => string,
  ): Ranked[] =>
    [...Map.groupBy(rows, key)]
      .map(([value, group]) => {
        const sum = (field: "input" | "output" | "cacheRead" | "cacheWrite"): number =>
          group.reduce((total, row) => total + row[field], 0);
        const cost = group.reduce((total, row) => total + (row.cost ?? 0), 0);
        const parts = [sum("input"), sum("output"), sum("cacheRead"), sum("cacheWrite")];
        const total = parts.reduce((all, part) => all + part, 0);
        return {
          name: name(value),
          title: value,
          parts,
          said: `${short(total)}, ${short(parts[1] ?? 0)} out${cost > 0 ? `, ${dollars(cost)}` : ""}`,
          ...(link ? { link: link(value) } : {}),
          total,
        };
      })
      .sort((a, b) => b.total - a.total)
      .slice(0, RANKED_TOKENS);
  const keyed = ["in", "out", "from the cache", "into the cache"];
  if (rows.length === 0)
    return (
      <Sheet title="Tokens">
        <p class="muted">
          No token counts. They are read from Claude Code's transcripts on this machine, unless{" "}
          <code>monitor.transcripts</code> is off.
        </p>
      </Sheet>
    );
  return (
    <>
      <Sheet title="Tokens by model" keyed={keyed}>
        <Ranking
          rows={by(
            (row) => row.model || "unknown",
            (model) => model,
          )}
          colours={TOKEN_COLOURS}
        />
      </Sheet>
      <Sheet title="Tokens by project" keyed={keyed}>
        <Ranking
          rows={by(
            (row) => row.project,
            (path) => baseName(path) || "no project",
          )}
          colours={TOKEN_COLOURS}
        />
      </Sheet>
      <Sheet title="Tokens by session" keyed={keyed}>
        <Ranking
          rows={by(
            (row) => row.session,
            sessionName,
            (id) => linkTo("session", id),
          )}
          colours={TOKEN_COLOURS}
        />
      </Sheet>
    </>
  );
}

function sessionName(id: string): string {
  const session = sessions.value.get(id);
  return session?.title ?? session?.prompt?.slice(0, 60) ?? id.slice(0, 8);
}
