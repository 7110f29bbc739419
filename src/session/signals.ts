// Signals from what calls did: the same failure again and again, edits that go back and forth, a turn far longer than usual.
// - A person who asks for the same once more is no loop: what is remembered of calls and files is the turn's.
// - A failure counts where call and error are the same. With nothing done in between, SAME_FAILURES of them are a signal;
//   with edits or other commands in between, which is how tests are mended, it takes more. Another error, or a success,
//   begins anew.
// - To break a thing, see the test fail and mend it is ordinary: a file has to be brought back more often than that.
// - What is remembered is bounded, and so is what is shown.

import type { Signal, SignalOf } from "../contract/signals.ts";
import type { Deed, Head, Row } from "./input.ts";
import type { EditedFile, Failing, Session, SessionDraft, TurnRecord, Watch } from "./state.ts";
import type { Transition } from "./transition.ts";
import { foldTurn, turnOf } from "./turns.ts";

/** Equal failures with nothing done in between. */
const SAME_FAILURES = 3;
/** Equal failures whatever was done in between. */
const SAME_FAILURES_AT_WORK = 5;
/** How often a file has been brought back to what it was. */
const RETURNS = 3;
/** A turn is long if it is no shorter than this, and so many times as long as the middle and the longest of those before. */
const LONG_MS = 900_000;
const TIMES_USUAL = 5;
const TIMES_LONGEST = 2;
/** As many turns say what is usual. */
const USUAL_TURNS = 5;

const MAX_TURNS = 20;
const MAX_CALLS = 8;
const MAX_FILES = 8;
const MAX_STEPS = 8;
const MAX_EVIDENCE = 8;
const MAX_SIGNALS = 8;

const NOTHING: Watch = { calls: [], files: [], turns: [] };

/** Takes what one event, or a fact, has changed; `before` is the session without it. */
export function foldSignals(
  before: Session | undefined,
  session: SessionDraft,
  transitions: readonly Transition[],
  event?: { readonly row: Row; readonly head: Head },
): void {
  if (transitions.some(({ type }) => type === "turnStarted" || type === "turnEnded"))
    foldTurns(before, session, transitions, event?.row.id);
  const deed = event?.head.deed;
  if (!event || !deed) return;
  if (deed.what !== undefined) foldCall(session, event.row, deed, deed.what);
  if (deed.edit) foldEdit(session, event.row, deed.edit);
}

/** What has been seen, and the turn that goes on if it is long by now; `now` is ms since 1970. */
export function signalsOf({ signals = [], turn, watch, ...open }: Session, now: number): readonly Signal[] {
  if (turn?.state !== "open" || !watch) return signals;
  const long = longTurn(turn, ownMs(turn, open, now), watch, Math.max(now, turn.latest));
  return long ? withSignal(signals, long) : signals;
}

function foldTurns(
  before: Session | undefined,
  session: SessionDraft,
  transitions: readonly Transition[],
  event: string | undefined,
): void {
  let turn = before?.turn;
  for (const transition of transitions) {
    turn = foldTurn(turn, transition, session);
    if (!turn) continue;
    const watch = session.watch ?? NOTHING;
    if (transition.type === "turnStarted" && !transition.again)
      session.watch = { ...NOTHING, turns: watch.turns, ...(event === undefined ? {} : { begun: event }) };
    if (transition.type !== "turnEnded") continue;
    const { number } = turn;
    const earlier = { ...watch, turns: watch.turns.filter((one) => one.number !== number) };
    const ms = ownMs(turn, NOTHING_OPEN, turn.latest);
    const long = longTurn(turn, ms, earlier, turn.endedAt ?? turn.latest);
    if (long) session.signals = withSignal(session.signals, long);
    session.watch = { ...watch, turns: [...earlier.turns, { number, ms }].slice(-MAX_TURNS) };
  }
}

const NOTHING_OPEN = { running: [], waits: [], subagents: [], over: [] };

/** How long a turn took, without what it waited for a person. */
function ownMs(turn: TurnRecord, open: Parameters<typeof turnOf>[1], now: number): number {
  const { total, waiting } = turnOf(turn, open, now).ms;
  return total - waiting;
}

function longTurn(
  { number, startedAt }: TurnRecord,
  ms: number,
  { turns, begun }: Watch,
  until: number,
): SignalOf<"long_turn"> | undefined {
  const earlier = turns.filter((one) => one.number !== number).map((one) => one.ms);
  if (ms < LONG_MS || earlier.length < USUAL_TURNS) return undefined;
  const sorted = earlier.sort((a, b) => a - b);
  const usualMs = sorted[Math.floor(sorted.length / 2)] ?? 0;
  if (ms < usualMs * TIMES_USUAL || ms < (sorted.at(-1) ?? 0) * TIMES_LONGEST) return undefined;
  const evidence = begun === undefined ? [] : [begun];
  return { code: "long_turn", turn: number, since: startedAt, until, count: sorted.length, evidence, ms, usualMs };
}

function foldCall(session: SessionDraft, row: Row, { error, text, changes }: Deed, what: string): void {
  const watch = session.watch ?? NOTHING;
  if (error === undefined && watch.calls.length === 0) return;
  const isThis = (one: Failing) => one.what === what && one.agent === row.agent;
  const known = watch.calls.find(isThis);
  // What one agent changes may be what another one's call waits for.
  const others = watch.calls
    .filter((one) => one !== known)
    .map((one) => (changes && error === undefined && one.bare > 0 ? { ...one, bare: 0 } : one));
  if (error === undefined) {
    session.watch = { ...watch, calls: others };
    return;
  }
  const same = known?.error === error ? known : undefined;
  const failing: Failing = {
    what,
    error,
    ...(row.agent ? { agent: row.agent } : {}),
    count: (same?.count ?? 0) + 1,
    bare: (same?.bare ?? 0) + 1,
    since: same?.since ?? row.t,
    evidence: withEvidence(same?.evidence, row.id),
  };
  session.watch = { ...watch, calls: [...others, failing].slice(-MAX_CALLS) };
  const { count, since, evidence } = failing;
  const isKnown = session.signals?.some((signal) => signal.since === since && signal.evidence[0] === evidence[0]);
  if (failing.bare < SAME_FAILURES && count < SAME_FAILURES_AT_WORK && !isKnown) return;
  session.signals = withSignal(session.signals, {
    code: "repeated_failure",
    turn: session.turns,
    since,
    until: Math.max(since, row.t),
    count,
    evidence,
    tool: row.tool ?? "",
    ...(text ? { text } : {}),
    ...(row.agent ? { agent: row.agent } : {}),
  });
}

function foldEdit(session: SessionDraft, row: Row, { path, from, to, whole }: NonNullable<Deed["edit"]>): void {
  if (from === to) return;
  const watch = session.watch ?? NOTHING;
  const known = watch.files.find((file) => file.path === path);
  const undone = known?.steps.find((step) => step.from === to && (whole || step.to === from));
  const steps = [...(known?.steps ?? []), { from, to, event: row.id, t: row.t }].slice(-MAX_STEPS);
  const file: EditedFile = {
    path,
    steps,
    returns: (known?.returns ?? 0) + (undone ? 1 : 0),
    ...(known?.since !== undefined ? { since: known.since } : undone ? { since: undone.t } : {}),
    evidence: undone
      ? withEvidence(known?.evidence.length ? known.evidence : [undone.event], row.id)
      : (known?.evidence ?? []),
  };
  session.watch = {
    ...watch,
    files: [...watch.files.filter((one) => one !== known), file].slice(-MAX_FILES),
  };
  if (!undone || file.returns < RETURNS) return;
  const since = file.since ?? row.t;
  session.signals = withSignal(session.signals, {
    code: "back_and_forth",
    turn: session.turns,
    since,
    until: Math.max(since, row.t),
    count: file.returns,
    evidence: file.evidence,
    path,
  });
}

/** The first event and the newest. */
function withEvidence(known: readonly string[] = [], event: string): string[] {
  const [first, ...rest] = [...known, event];
  return first === undefined ? [] : [first, ...rest.slice(1 - MAX_EVIDENCE)];
}

/** The signal in the place of what was said of the same before. */
function withSignal(signals: readonly Signal[] = [], signal: Signal): Signal[] {
  const isSame = (other: Signal) =>
    other.code === signal.code && other.since === signal.since && other.evidence[0] === signal.evidence[0];
  return [...signals.filter((other) => !isSame(other)), signal].slice(-MAX_SIGNALS);
}
