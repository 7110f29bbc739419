// Team: who is active and what it costs, which machines send and what waits on them, who read what, and what is kept.

import { useEffect } from "preact/hooks";
import type { AuditEntry, Device, PersonActivity } from "../../contract/team.ts";
import { useAnswer } from "../answer.ts";
import { ask } from "../api.ts";
import { now } from "../clock.ts";
import { health, sessions } from "../live.ts";
import { ago, dollars, duration, number, plural, size } from "../model/format.ts";
import { shortId } from "../model/name.ts";
import { Failed, Loading } from "../part/empty.tsx";
import { RangeChips } from "../part/range.tsx";
import { Ranking } from "../part/ranking.tsx";
import { SessionRow } from "../part/row.tsx";
import { Sheet } from "../part/sheet.tsx";
import { linkTo, replace, route } from "../route.ts";
import { personName, REFRESH_MS, refreshTeam, seesOthers, team } from "../team.ts";
import { Invitations } from "./invitations.tsx";

/** Of the log. */
const LATEST = new URLSearchParams({ limit: "50" });
const MOST_ACTIVE = 20;
const DEFAULT_RANGE = "today";
const RANGES = [
  ["today", "Today", "today"],
  ["7d", "7 days", "7d"],
  ["30d", "30 days", "30d"],
] as const;

export function TeamView() {
  const value = team.value;
  useEffect(() => void refreshTeam(), []);
  if (!value) return health.value ? <NoTeam /> : <Loading text="Asking who is in the team…" />;
  const { me } = value;
  return (
    <div class="statistics team">
      <h1>{value.team.name}</h1>
      <p class="muted">
        You are {me.person ? `${me.person.name}, ${me.role}` : "the operator of this monitor"}
        {seesOthers() ? "" : ": you see your own sessions"}. {CONTENT[value.team.content]}
      </p>
      <Activity />
      <div class="sheets">
        <Active />
        <Machines />
        <Invitations />
        <Kept />
        {me.role === "admin" ? <Log /> : null}
      </div>
    </div>
  );
}

const CONTENT = {
  metadata: "The team takes names, times and sizes, and no text.",
  hashed: "The team takes names, times and sizes, hashes of paths and commands, and no text.",
  content: "What leaves a machine is decided there, by its setting team.content.",
} as const;

function NoTeam() {
  return (
    <div class="empty">
      <h1>There is no team here</h1>
      <p>
        <code>mpm team init</code> makes one, on a PostgreSQL database.
      </p>
    </div>
  );
}

function Activity() {
  const range = route.value.params.get("range") ?? DEFAULT_RANGE;
  const since = RANGES.find(([key]) => key === range)?.[2] ?? DEFAULT_RANGE;
  const query = new URLSearchParams({ since });
  const { value, error } = useAnswer(range, (signal) => ask("activity", { query, signal }), { everyMs: REFRESH_MS });
  const choose = (chosen: string) => {
    const params = new URLSearchParams(route.value.params);
    params.set("range", chosen);
    replace(linkTo("team", "", params));
  };
  return (
    <>
      <div class="statistics-head">
        <RangeChips ranges={RANGES} chosen={range} onChange={choose} />
        <a href={linkTo("cost", "", new URLSearchParams({ range }))}>Cost by project and model</a>
      </div>
      {error ? <Failed message={error.message} /> : null}
      <div class="sheets">
        <Sheet title="Cost by person">
          <Ranking rows={rankedBy(value?.people ?? [], ({ cost }) => cost ?? 0, costOf)} colours={["agent"]} />
        </Sheet>
        <Sheet title="Sessions by person">
          <Ranking rows={rankedBy(value?.people ?? [], ({ sessions }) => sessions, countsOf)} colours={["run"]} />
        </Sheet>
        <Sheet title="Failures by person">
          <Ranking rows={rankedBy(value?.people ?? [], ({ failures }) => failures, failuresOf)} colours={["wait"]} />
        </Sheet>
      </div>
    </>
  );
}

const costOf = ({ cost }: PersonActivity) => (cost === undefined ? "no price" : dollars(cost));
const countsOf = ({ sessions, events }: PersonActivity) => `${plural(sessions, "session")}, ${plural(events, "event")}`;
const failuresOf = ({ failures, events }: PersonActivity) => `${number(failures)} of ${plural(events, "event")}`;

/** The most first; who has none is left out. */
function rankedBy(
  people: readonly PersonActivity[],
  value: (one: PersonActivity) => number,
  said: (one: PersonActivity) => string,
) {
  return people
    .filter((one) => value(one) > 0)
    .toSorted((a, b) => value(b) - value(a))
    .map((one) => ({
      name: personName(one.person) ?? (one.person === "" ? "the operator" : shortId(one.person)),
      title: one.person,
      parts: [value(one)],
      said: said(one),
      ...(one.person === "" ? {} : { link: linkTo("sessions", "", new URLSearchParams({ person: one.person })) }),
    }));
}

function Active() {
  const going = [...sessions.value.values()]
    .filter(({ state }) => state === "working" || state === "waiting")
    .toSorted((a, b) => b.lastAt - a.lastAt);
  return (
    <Sheet title="Working or waiting now" wide>
      {going.length === 0 ? <p class="muted">Nobody, at the moment.</p> : null}
      {going.slice(0, MOST_ACTIVE).map((session) => (
        <SessionRow key={session.id} session={session} when={ago(session.lastAt, now.value)} />
      ))}
      {going.length > MOST_ACTIVE ? (
        <p>
          <a href={linkTo("")}>All {number(going.length)}</a>
        </p>
      ) : null}
    </Sheet>
  );
}

function Machines() {
  const { value, error } = useAnswer("devices", (signal) => ask("devices", { signal }), { everyMs: REFRESH_MS });
  return (
    <Sheet title="Machines" wide>
      {error ? <Failed message={error.message} /> : null}
      {value && value.devices.length === 0 ? (
        <p class="muted">
          None has joined yet. <code>mpm team invite</code> gives a code.
        </p>
      ) : null}
      {value && value.devices.length > 0 ? (
        <div class="table">
          <table>
            <thead>
              <tr>
                <th scope="col">Machine</th>
                <th scope="col">Person</th>
                <th scope="col">Heard of</th>
                <th scope="col">What leaves</th>
                <th scope="col" class="num">
                  Waiting
                </th>
                <th scope="col" class="num">
                  Lost
                </th>
              </tr>
            </thead>
            <tbody>
              {value.devices.map((device) => (
                <Machine key={device.id} device={device} />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </Sheet>
  );
}

function Machine({ device: { host, person, seenAt, revokedAt, report } }: { device: Device }) {
  const heard =
    revokedAt !== undefined ? `revoked ${ago(revokedAt, now.value)}` : seenAt ? ago(seenAt, now.value) : "not yet";
  return (
    <tr class={revokedAt === undefined ? "" : "muted"}>
      <th scope="row">{host}</th>
      <td>{personName(person) ?? shortId(person)}</td>
      <td>{heard}</td>
      <td>{report?.content ?? ""}</td>
      <td class="num">{report ? number(report.waiting) : ""}</td>
      <td class={`num ${report && report.lost > 0 ? "is-bad" : ""}`} title={report?.trouble}>
        {report ? number(report.lost) : ""}
      </td>
    </tr>
  );
}

function Kept() {
  const state = health.value;
  if (!state) return null;
  const { events, bytes, removed, maxBytes, retentionMs } = state;
  const kept = [
    ...(events === undefined ? [] : [["Events", number(events)] as const]),
    ...(bytes === undefined ? [] : [["Size", `${size(bytes)} of ${size(maxBytes)}`] as const]),
    ["Kept for", duration(retentionMs)] as const,
    ...(removed === undefined ? [] : [["Removed since the monitor started", number(removed)] as const]),
  ];
  return (
    <Sheet title="What is kept">
      <dl class="facts">
        {kept.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="num">{value}</dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}

const DEEDS: Readonly<Record<string, string>> = {
  read: "read",
  invited: "invited",
  joined: "joined with",
  left: "left with",
  revoked: "revoked",
  signed_in: "signed in",
  sign_in_refused: "could not sign in:",
  cancelled: "cancelled the invitation of",
  forgot: "removed",
};

function Log() {
  const { value, error } = useAnswer("audit", (signal) => ask("audit", { query: LATEST, signal }), {
    everyMs: REFRESH_MS,
  });
  return (
    <Sheet title="Who read and did what" wide>
      {error ? <Failed message={error.message} /> : null}
      {value && value.entries.length === 0 ? <p class="muted">Nothing yet.</p> : null}
      <ol class="alert-list">
        {(value?.entries ?? []).map((entry) => (
          <li key={entry.place} class="alert-line">
            <time class="num muted" dateTime={new Date(entry.at).toISOString()}>
              {ago(entry.at, now.value)}
            </time>
            <Deed entry={entry} />
          </li>
        ))}
      </ol>
    </Sheet>
  );
}

function Deed({ entry: { person, action, session, owner, about } }: { entry: AuditEntry }) {
  const nobody = action === "sign_in_refused" ? "Somebody" : "The operator";
  const who = person === undefined ? nobody : (personName(person) ?? shortId(person));
  return (
    <span>
      <b>{who}</b> {DEEDS[action] ?? action}{" "}
      {session ? (
        <a href={linkTo("session", session)}>
          {owner === undefined ? "session" : `${personName(owner) ?? "somebody"}'s session`} {shortId(session)}
        </a>
      ) : (
        about
      )}
    </span>
  );
}
