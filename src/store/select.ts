// A filter and a range as one SELECT over the events.

export interface Filter {
  readonly session?: string;
  readonly event?: string;
  readonly tool?: string;
  readonly agent?: string;
  readonly project?: string;
  readonly failed?: boolean;
  /** Words to be found anywhere in the payload. */
  readonly q?: string;
  /** ms since 1970 */
  readonly since?: number;
  readonly until?: number;
}

/** Ascending after a cursor, or descending before one (absent: from the newest). */
export interface Range {
  readonly limit: number;
  readonly after?: number;
  readonly before?: number;
}

/** What a row is made of. */
export const COLUMNS =
  "n, id, t, session, seq, event, tool, agent, agent_type, call, prompt, failed, ms, kind, child, background, text, bytes";

/** One SELECT over the events for a filter and a range. No sql: nothing can be found. */
export function query(
  columns: string,
  filter: Filter,
  range: Range,
  body: boolean,
): { sql?: string; values: (string | number)[] } {
  const values: (string | number)[] = [];
  const where: string[] = [];
  const and = (condition: string, value: string | number) => {
    where.push(condition);
    values.push(value);
  };
  let from = "event e";
  if (filter.q !== undefined && filter.q.trim() !== "") {
    const match = matchOf(filter.q);
    if (match === undefined) return { values: [] };
    from = "search s JOIN event e ON e.n = s.rowid";
    and("s.text MATCH ?", match);
  }
  const cursor = from === "event e" ? "e.n" : "s.rowid";
  if (range.after !== undefined) and(`${cursor} > ?`, range.after);
  if (range.before !== undefined) and(`${cursor} < ?`, range.before);
  for (const key of ["session", "event", "tool", "agent", "project"] as const) {
    const value = filter[key];
    if (value !== undefined) and(`e.${key} = ?`, value);
  }
  if (filter.failed !== undefined) where.push(filter.failed ? "e.failed = 1" : "e.failed IS NULL");
  if (filter.since !== undefined) and("e.t >= ?", filter.since);
  if (filter.until !== undefined) and("e.t <= ?", filter.until);
  if (body) from += " JOIN body b ON b.n = e.n";
  const qualified = body
    ? columns
    : columns
        .split(", ")
        .map((name) => `e.${name}`)
        .join(", ");
  const order = range.after === undefined ? "DESC" : "ASC";
  values.push(range.limit);
  const condition = where.length > 0 ? `WHERE ${where.join(" AND ")}` : "";
  return { sql: `SELECT ${qualified} FROM ${from} ${condition} ORDER BY ${cursor} ${order} LIMIT ?`, values };
}

/** Shorter ones stand for so many words that a large store is searched for seconds. Letters. */
const MIN_BEGINNING = 3;

/**
 * A user's words as an FTS5 query that cannot be wrong: each found whole, `begin*` as a beginning, "several in quotes" as
 * a phrase.
 */
function matchOf(words: string): string | undefined {
  const terms = [...words.matchAll(/"([^"]*)"?|(\S+)/g)].flatMap(([, phrase, word]) => {
    const text = phrase ?? word ?? "";
    if (!/[\p{L}\p{N}]/u.test(text)) return [];
    const letters = text.match(/[\p{L}\p{N}]+(?=\*$)/u)?.[0].length ?? 0;
    const beginning = phrase === undefined && letters >= MIN_BEGINNING ? " *" : "";
    return `"${text.replaceAll('"', " ").replaceAll("\0", " ")}"${beginning}`;
  });
  return terms.length > 0 ? terms.join(" ") : undefined;
}
