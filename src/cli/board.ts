// What `mpm top` shows: sessions in the order in which they matter, in lines that fit a screen. Pure.

import { projectName } from "../contract/project.ts";
import { SESSION_STATES, type SessionState, type SessionSummary } from "../contract/session.ts";
import { printable, type Style, span } from "../platform/text.ts";
import { cut, pad, table, widthOf } from "./layout.ts";

export interface Board {
  readonly sessions: readonly SessionSummary[];
  /** US dollars since midnight; undefined where that is not known. */
  readonly cost: number | undefined;
  /** Why what is shown may be old. */
  readonly trouble: string | undefined;
  /** ms since 1970 */
  readonly now: number;
}

export interface Room {
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

/** Who is asked first, then who works, then who stopped: the longest in each state first, of those that stopped the latest. */
const ORDER: readonly SessionState[] = ["waiting", "working", "interrupted", "idle", "lost", "ended"];
/** Sessions that ended are shown for this long, those that are idle for longer. */
const ENDED_FOR_MS = 10 * 60_000;
const IDLE_FOR_MS = 12 * 3_600_000;
/** Below this, the project and the cost leave their room to what a session does. */
const NARROW = 60;
/** Header, an empty line, and the names of the columns. */
const HEADER_LINES = 3;

/** Sessions that are shown, in their order. */
export function shownIn({ sessions, now }: Pick<Board, "sessions" | "now">): readonly SessionSummary[] {
  return sessions.filter((session) => isShown(session, now)).sort(byWeight);
}

function isShown({ state, lastAt }: SessionSummary, now: number): boolean {
  if (state === "waiting" || state === "working") return true;
  return now - lastAt < (state === "idle" || state === "interrupted" ? IDLE_FOR_MS : ENDED_FOR_MS);
}

function byWeight(one: SessionSummary, other: SessionSummary): number {
  const order = ORDER.indexOf(one.state) - ORDER.indexOf(other.state);
  if (order !== 0) return order;
  const isOpen = one.state === "waiting" || one.state === "working";
  return isOpen ? one.since - other.since : other.lastAt - one.lastAt;
}

/** The screen's lines: never more, and none wider, than there is room. */
export function linesOf(board: Board, { columns, rows }: Room, style: Style): string[] {
  const shown = shownIn(board);
  const fit = rows === undefined ? shown.length : Math.max(0, rows - HEADER_LINES - 1);
  const hidden = shown.length - fit;
  const seen = hidden > 0 ? shown.slice(0, Math.max(0, fit - 1)) : shown;
  const width = columns ?? Number.POSITIVE_INFINITY;
  const isNarrow = columns !== undefined && columns < NARROW;
  const names = isNarrow ? ["state", "for", "what"] : ["state", "for", "project", "cost", "what"];
  const lines = table([names, ...seen.map((session) => cellsOf(session, board.now, isNarrow))], columns);
  const coloured = lines.map((line, index) => {
    const session = seen[index - 1];
    const fitting = cut(line, width);
    return session ? colour(session.state, fitting, style) : style.dim(fitting);
  });
  return [
    headOf(board, columns, style),
    board.trouble === undefined ? "" : style.red(cut(printable(board.trouble), width)),
    ...(seen.length > 0 ? coloured : [style.dim(cut("no session works or waits", width))]),
    ...(hidden > 0 ? [style.dim(`and ${shown.length - seen.length} more`)] : []),
  ];
}

function headOf({ sessions, cost, now }: Board, columns: number | undefined, style: Style): string {
  const counts = SESSION_STATES.map(
    (state) => [state, sessions.filter((each) => each.state === state).length] as const,
  );
  const open = counts.filter(([state, count]) => count > 0 && state !== "ended" && state !== "lost");
  const parts = [
    ...open.map(([state, count]) => `${count} ${state}`),
    ...(cost === undefined ? [] : [`$${cost.toFixed(2)} today`]),
  ];
  const left = `mpm top  ${parts.join("  ")}`;
  const time = new Date(now).toTimeString().slice(0, 8);
  if (columns === undefined) return style.bold(left);
  if (widthOf(left) + widthOf(time) + 2 > columns) return style.bold(cut(left, columns));
  return style.bold(pad(left, columns - widthOf(time)) + time);
}

function cellsOf(session: SessionSummary, now: number, isNarrow: boolean): string[] {
  const { state, since, cost } = session;
  const first = [state, span(Math.max(0, now - since))];
  const what = oneLine(whatOf(session));
  return isNarrow
    ? [...first, what]
    : [...first, oneLine(projectName(session)), cost === undefined ? "" : `$${cost.toFixed(2)}`, what];
}

/** What it waits for, what it runs, or what it was last asked. */
function whatOf({ state, detail, running, title, prompt, firstPrompt }: SessionSummary): string {
  const about = title ?? prompt ?? firstPrompt ?? "";
  if (state === "waiting") return [detail, about].filter(Boolean).join(" · ");
  const call = state === "working" ? running.at(-1) : undefined;
  if (call) return [[call.tool, call.text].filter(Boolean).join(" "), about].filter(Boolean).join(" · ");
  return about;
}

const oneLine = (text: string): string => printable(text.replace(/\s+/g, " ").trim());

function colour(state: SessionState, line: string, style: Style): string {
  if (state === "waiting") return style.yellow(line);
  if (state === "working") return style.green(line);
  return style.dim(line);
}
