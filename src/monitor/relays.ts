// What relays send over Socket.IO: events, each answered after its commit, and how they fare themselves.
// - Whoever has been told to send an event again is disconnected: stored now, what it sent after it would overtake it.
// - To a team's monitor, devices send. Whose their events are follows from their tokens; facts beside events may be about
//   their own person's sessions alone.

import type { Server, Socket } from "socket.io";
import * as z from "zod/mini";
import { type Ack, BATCH_EVENT, type BatchAck } from "../contract/ack.ts";
import { lostOf, RelayStatus } from "../contract/relay-status.ts";
import {
  type ContentLevel,
  DeviceReport,
  FACTS_EVENT,
  type FactsAnswer,
  REPORT_EVENT,
  SessionFacts,
} from "../contract/team.ts";
import { textOf } from "../contract/texts.ts";
import type { Log } from "../platform/log.ts";
import type { Access } from "./access.ts";
import { type Ingest, MAX_BATCH, type Sender } from "./ingest.ts";
import type { Entrant } from "./members.ts";
import { tokenBucket } from "./rate.ts";

/** Relays whose state is shown: those that spoke last. Containers come and go, each with a name of its own. */
const MAX_RELAYS = 50;
/** What one device may send in a second over a longer time, and at once. */
const DEVICE_EVENTS_PER_S = 500;
export const DEVICE_BURST = 20_000;
/** The same for messages with facts about sessions; a machine tells of a session once it has settled. */
const DEVICE_FACTS_PER_S = 20;
export const DEVICE_FACTS_BURST = 500;
/** So many devices are measured at a time; beyond that all begin anew. */
const MAX_MEASURED = 10_000;
/** What a device says of itself is kept no more often. */
const REPORT_EVERY_MS = 30_000;

export interface RelayParts {
  readonly access: Access;
  readonly ingest: Ingest;
  /** The last word of each relay, by its machine. */
  readonly statuses: Map<string, RelayStatus>;
  readonly log: Log;
  /** ms since 1970 */
  readonly now: () => number;
  /** Of a team; absent where there is none. */
  readonly devices?: DeviceParts | undefined;
  readonly limitsOf: (device: string) => DeviceLimits;
}

export interface DeviceParts {
  /** The most that the team takes of an event. */
  content(): ContentLevel | undefined;
  /** Keeps facts about sessions of the person's; the answer says why that was not possible. */
  record(person: string, facts: readonly SessionFacts[]): Promise<string | undefined>;
  report(device: string, report: DeviceReport): Promise<void>;
}

const REFUSED = "unauthorized: the token is not this monitor's";

/** Serves them. */
export function serveRelays(io: Server, parts: RelayParts): void {
  const { access, ingest, statuses } = parts;
  io.use(async (socket, next) => {
    const entrant = await access.letConnect(socket);
    next(entrant && maySend(entrant) ? undefined : new Error(REFUSED));
  });
  io.on("connection", (socket) => {
    const entrant = access.entrantOf(socket.request);
    if (entrant?.device) serveDevice(socket, parts, entrant);
    else {
      takeEvents(socket, ingest);
      socket.on("relay_status", (given: unknown) => {
        const status = RelayStatus.safeParse(given);
        if (!status.success) return;
        // Two machines may have one name, and containers that are made of one image one machine's identity.
        const name = `${status.data.machine ?? ""} ${status.data.host}`;
        statuses.delete(name);
        statuses.set(name, status.data);
        const [longestSilent] = statuses.keys();
        if (statuses.size > MAX_RELAYS && longestSilent !== undefined) statuses.delete(longestSilent);
      });
    }
  });
}

/** Machines send; a person's browser does not. */
const maySend = ({ person, device }: Entrant): boolean => person === undefined || device !== undefined;

/** Whose machine it is; undefined for one of nobody's, as the operator's. */
export const senderOf = ({ person, device }: Entrant, content: ContentLevel = "content"): Sender | undefined =>
  person && device ? { owner: person.id, host: device.host, machine: device.id, content } : undefined;

/** What a device may send, over all of its connections and requests. */
export interface DeviceLimits {
  readonly events: (count?: number) => boolean;
  readonly facts: () => boolean;
}

/** `now` in ms since 1970. */
export function limitDevices(now: () => number): (device: string) => DeviceLimits {
  const measured = new Map<string, DeviceLimits>();
  return (device) => {
    if (measured.size > MAX_MEASURED) measured.clear();
    const limits = measured.get(device) ?? {
      events: tokenBucket(now, DEVICE_EVENTS_PER_S, DEVICE_BURST),
      facts: tokenBucket(now, DEVICE_FACTS_PER_S, DEVICE_FACTS_BURST),
    };
    measured.set(device, limits);
    return limits;
  };
}

function serveDevice(socket: Socket, { ingest, devices, limitsOf, log, now }: RelayParts, entrant: Entrant): void {
  const sender = senderOf(entrant, devices?.content());
  if (!sender) return;
  const limits = limitsOf(sender.machine);
  takeEvents(socket, ingest, sender, limits.events);
  let reportedAt = Number.NEGATIVE_INFINITY;
  const report = (given: DeviceReport): void => {
    if (now() - reportedAt < REPORT_EVERY_MS) return;
    reportedAt = now();
    devices?.report(sender.machine, given).catch((error: unknown) => log.debug({ err: error }, "a report is not kept"));
  };
  socket.on(REPORT_EVENT, (given: unknown) => {
    const read = DeviceReport.safeParse(given);
    if (read.success) report(read.data);
  });
  socket.on("relay_status", (given: unknown) => {
    const status = RelayStatus.safeParse(given);
    if (status.success) report(reportOf(status.data));
  });
  socket.on(FACTS_EVENT, (given: unknown, ...more: unknown[]) => {
    const answer: (answer: FactsAnswer) => void = answerIn(more);
    if (!limits.facts()) return answer(FACTS_TOO_FAST);
    const facts = z.array(SessionFacts).check(z.maxLength(MAX_BATCH)).safeParse(given);
    if (!facts.success) return answer({ ok: false, permanent: true, reason: "expected facts about sessions" });
    const kept = devices?.record(sender.owner, facts.data) ?? Promise.resolve("no team");
    kept.then(
      (trouble) => answer(trouble === undefined ? { ok: true } : { ok: false, permanent: false, reason: trouble }),
      // What is no trouble of the store's is the facts' own, and stays so.
      (error: unknown) => answer({ ok: false, permanent: true, reason: String(error) }),
    );
  });
}

/** What a relay that sends directly says, as a device's report. */
const reportOf = ({ version, spool, counters }: RelayStatus): DeviceReport => ({
  version,
  waiting: spool.pending,
  lost: lostOf(counters),
});

/** The arguments of an event end with the function that answers it; a newer relay may say more before that. */
const answerIn = (more: readonly unknown[]): ((answer: unknown) => void) => {
  const last = more.at(-1);
  return typeof last === "function" ? (answer) => last(answer) : () => {};
};

export const TOO_MANY_EVENTS = { code: "too_many", perSecond: DEVICE_EVENTS_PER_S } as const;
const TOO_MANY_FACTS = { code: "too_many", perSecond: DEVICE_FACTS_PER_S } as const;
const FACTS_TOO_FAST: Ack = { ok: false, permanent: false, reason: textOf(TOO_MANY_FACTS), why: TOO_MANY_FACTS };
const TOO_FAST: Ack = { ok: false, permanent: false, reason: textOf(TOO_MANY_EVENTS), why: TOO_MANY_EVENTS };

/** `mayGoOn`, where it is given, is asked before each event. */
function takeEvents(socket: Socket, ingest: Ingest, sender?: Sender, mayGoOn = () => true): void {
  /** It was told to send an event again: it has all after that still, too. */
  let isRefused = false;
  const refuse = () => {
    isRefused = true;
    setImmediate(() => socket.disconnect(true));
  };
  const take = (given: unknown, answer: (ack: Ack) => void): void => {
    isRefused ||= !mayGoOn(); // and with it all that follows
    if (isRefused) answer(TOO_FAST);
    else ingest.take(given, answer, sender);
  };
  socket.on("claude_event", (given: unknown, ...more: unknown[]) => {
    const answer = answerIn(more);
    if (isRefused) return;
    take(given, (ack) => {
      answer(ack);
      if (mustBeSentAgain(ack)) refuse();
    });
  });
  socket.on(BATCH_EVENT, (given: unknown, ...more: unknown[]) => {
    const answer = answerIn(more);
    if (isRefused) return;
    if (!Array.isArray(given) || given.length === 0 || given.length > MAX_BATCH) return refuse();
    const outcomes: BatchAck["outcomes"][number][] = Array.from({ length: given.length });
    let awaited = given.length;
    let again = false;
    for (const [index, envelope] of given.entries())
      take(envelope, (ack) => {
        outcomes[index] = ack.ok ? ack.status : ack;
        again ||= mustBeSentAgain(ack);
        if (--awaited > 0) return;
        answer({ outcomes } satisfies BatchAck);
        if (again) refuse();
      });
  });
}

const mustBeSentAgain = (ack: Ack): boolean => !ack.ok && !ack.permanent;
