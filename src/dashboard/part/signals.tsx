// Signals of a session: what was seen, how often, about what, and the events that show it, linked.

import type { SessionSummary } from "../../contract/session.ts";
import type { Signal } from "../../contract/signals.ts";
import { signalText } from "../../session/texts.ts";
import { duration } from "../model/format.ts";
import { fromRoot } from "../model/session.ts";
import { linkTo } from "../route.ts";
import { Icon, type IconName } from "./icon.tsx";
import { Marked } from "./text.tsx";

const ICONS: Readonly<Record<Signal["code"], IconName>> = {
  repeated_failure: "again",
  back_and_forth: "swing",
  long_turn: "clock",
};
/** So many stand on a card; the session has them all. */
const ON_CARD = 2;

interface Of extends Pick<SessionSummary, "id" | "project"> {
  readonly signals?: readonly Signal[] | undefined;
}

/** All of them, each with its turn and every event that shows it; `ofTurn`: those of one turn alone. */
export function SignalList({ session, ofTurn }: { session: Of; ofTurn?: number }) {
  const signals = session.signals?.filter(({ turn }) => ofTurn === undefined || turn === ofTurn) ?? [];
  if (signals.length === 0) return null;
  return (
    <ul class="signals" aria-label="Signals">
      {signals.toReversed().map((signal) => (
        <li key={`${signal.code} ${signal.since}`}>
          <Said signal={signal} project={session.project} />
          <span class="evidence num">
            {signal.turn > 0 && ofTurn === undefined ? (
              <a href={linkTo("session", session.id, new URLSearchParams({ tab: "turns", turn: String(signal.turn) }))}>
                turn {signal.turn}
              </a>
            ) : null}
            {signal.evidence.map((event, index) => (
              <a key={event} href={eventLink(session, event)} {...labelOf(signal, index)} />
            ))}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** What an event that shows the signal is called: its number among all of them, the first one and the newest. */
function labelOf(signal: Signal, index: number): { children: string; "aria-label"?: string } {
  if (signal.code === "long_turn") return { children: "its prompt" };
  const all = signal.code === "back_and_forth" ? signal.count + 1 : signal.count;
  const number = index === 0 ? 1 : all - signal.evidence.length + 1 + index;
  return { children: String(number), "aria-label": `event ${number} of ${all}` };
}

/** The latest of them in a line each; what was seen leads to the first event that shows it. */
export function CardSignals({ session }: { session: Of }) {
  const { signals } = session;
  if (!signals || signals.length === 0) return null;
  return (
    <ul class="signals" aria-label="Signals">
      {signals
        .slice(-ON_CARD)
        .toReversed()
        .map((signal) => (
          <li key={`${signal.code} ${signal.since}`}>
            <Said
              signal={signal}
              project={session.project}
              {...(signal.evidence[0] === undefined ? {} : { link: eventLink(session, signal.evidence[0]) })}
            />
          </li>
        ))}
      {signals.length > ON_CARD ? <li>and {signals.length - ON_CARD} more</li> : null}
    </ul>
  );
}

/** The latest of them as a mark in a line of text. */
export function SignalMark({ session }: { session: Of }) {
  const { signals = [] } = session;
  const latest = signals.at(-1);
  if (!latest) return null;
  const words = signals
    .toReversed()
    .map((signal) => wordsOf(signal, session.project))
    .join("\n");
  return (
    <span class="signal-mark num" title={words}>
      <Icon name={ICONS[latest.code]} />
      {latest.code === "long_turn" ? duration(latest.ms) : `${latest.count}×`}
      <span class="hidden">: {words}</span>
    </span>
  );
}

function wordsOf(signal: Signal, project: string): string {
  const { said, about } = signalText(signal, duration);
  return about === undefined ? said : `${said}: ${fromRoot(about, project)}`;
}

function Said({ signal, project, link }: { signal: Signal; project: string; link?: string }) {
  const { said, about } = signalText(signal, duration);
  return (
    <>
      <Icon name={ICONS[signal.code]} />
      {link ? <a href={link}>{said}</a> : <span>{said}</span>}
      {about === undefined ? null : (
        <span class="call">
          <Marked text={fromRoot(about, project)} />
        </span>
      )}
    </>
  );
}

const eventLink = ({ id }: Of, event: string): string => linkTo("session", id, new URLSearchParams({ event }));
