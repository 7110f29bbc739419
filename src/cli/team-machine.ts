// The verbs of `mpm team` for a machine: join a team, see what leaves, look at its page, leave.

import * as z from "zod/mini";
import type { Config } from "../config/config.ts";
import type { ConsumerStatus } from "../contract/consumer.ts";
import { FullHealth } from "../contract/health.ts";
import type { Reason } from "../contract/reasons.ts";
import { pathOf } from "../contract/routes.ts";
import { type ContentLevel, Joined, leastContent, type TeamAnswer } from "../contract/team.ts";
import { adviceFor, textOf } from "../contract/texts.ts";
import { plural, printable } from "../platform/text.ts";
import { ask, get } from "../services/client.ts";
import { canOpenBrowser, openBrowser } from "../services/login.ts";
import { askRoute } from "../services/route.ts";
import { checkAddress, liveMonitor } from "../services/target.ts";
import { dropMembership, keepMembership, membershipOf, readMembership } from "../team/membership.ts";
import type { TeamCall } from "./team-options.ts";
import { expiry, failedWith, userOf } from "./team-server.ts";
import { EXIT, type Io, jsonFor } from "./terminal.ts";

export async function joinTeam(io: Io, options: TeamCall, given: string, code: string): Promise<number> {
  const { config, now } = io;
  const address = checkAddress(given, config);
  if (!address.ok) return failedWith(io, address.reason);
  const url = address.value;
  const there = readMembership(config.paths);
  if (!there.ok) return failedWith(io, there.reason);
  if (there.value && !options.print) return failedWith(io, { code: "already_joined", url: there.value.url });
  const answer = await joinAs(io, url, { code, host: options.host ?? config.hostName }, options.name);
  if (!answer.ok) return failedAt(io, answer.reason);
  const joined = Joined.safeParse(answer.value);
  if (!joined.success) return failedWith(io, { code: "unreadable_answer", url });
  const membership = membershipOf(url, joined.data, now());
  const level = leastContent(config.teamContent, membership.team.content);
  if (options.print) {
    await io.out(
      options.json
        ? `${jsonFor(io, { url, token: membership.token })}\n`
        : `MPM_SERVER_URL=${url} MPM_TOKEN=${membership.token}\n`,
    );
    return EXIT.done;
  }
  keepMembership(config.paths, membership);
  if (liveMonitor(config)) await get(config, "/health", io.signal); // whoever asks has it look at once
  const { team, person, device } = membership;
  if (options.json) {
    await io.out(
      `${jsonFor(io, { url, team: team.name, person: person.name, role: joined.data.person.role, device: device.id, host: device.host, content: level })}\n`,
    );
    return EXIT.done;
  }
  await io.out(
    `${io.style.green("mpm:")} this machine sends to the team ${printable(team.name)} from now on, as ${printable(device.host)} of ${printable(person.name)}.\n`,
  );
  await io.out(`  ${aboutLevel(level)} \`mpm team preview\` shows it, \`mpm team status\` how it goes.\n`);
  return EXIT.done;
}

/** So many users of one name are told apart by a number. */
const MAX_NAMESAKES = 20;

/** Shows the code; where nobody chose a name, and the user's is somebody else's in the team, a number is put to it. */
async function joinAs(io: Io, url: string, asked: { code: string; host: string }, chosen: string | undefined) {
  const given = chosen ?? userOf(io);
  for (let number = 1; ; number++) {
    const name = number === 1 ? given : `${given}-${number}`;
    const server = { url, token: undefined, local: false };
    const answer = await ask(server, "POST", pathOf("join"), io.signal, JSON.stringify({ ...asked, name }));
    const isTaken = !answer.ok && answer.reason.code === "name_taken";
    if (!isTaken || chosen !== undefined || number === MAX_NAMESAKES) return answer;
  }
}

/** What to do about a team's server, which is rarely this machine's. */
function adviceThere(reason: Reason): string {
  switch (reason.code) {
    case "token_refused":
      return "This machine or its person was removed: `mpm team leave` ends it here, a new code lets it join again.";
    case "nothing_listens":
    case "no_answer":
    case "unreachable":
      return "Check the address, or ask who runs the team's server.";
    default:
      return adviceFor(reason);
  }
}

function failedAt(io: Io, reason: Reason): number {
  io.err(`mpm: ${printable(`${textOf(reason)}. ${adviceThere(reason)}`)}\n`);
  return EXIT.failed;
}

const LEVELS = {
  metadata: "What leaves: names, times, sizes and tools; no text and no path.",
  hashed: "What leaves: names, times, sizes and tools, and hashes of paths and commands; no text.",
  content: "What leaves: everything that is stored here, redacted.",
} as const;
const aboutLevel = (level: keyof typeof LEVELS): string => LEVELS[level];

export async function status(io: Io, options: TeamCall): Promise<number> {
  const { config } = io;
  const read = readMembership(config.paths);
  if (!read.ok) return failedWith(io, read.reason);
  const membership = read.value;
  if (!membership) {
    if (options.json) await io.out(`${jsonFor(io, { joined: false })}\n`);
    else await io.out("mpm: this machine has not joined a team. `mpm team join URL CODE` does that.\n");
    return EXIT.done;
  }
  const { url, device } = membership;
  const answer = await askRoute(membership, "team", { signal: io.signal });
  const team = answer.ok ? answer.value.team : membership.team;
  const sending = await sendingOf(io);
  const levels = levelsOf(config, sending, team.content);
  const me = answer.ok ? answer.value.me : undefined;
  const trouble = sending?.trouble ?? (answer.ok ? undefined : textOf(answer.reason));
  const person = me?.person ?? membership.person;
  const provider = answer.ok ? answer.value.provider : undefined;
  if (options.json) {
    const about = { joined: true, url, team: team.name, person: person.name, device: device.id, host: device.host };
    const role = me ? { role: me.role } : {};
    const { refusedFacts = 0 } = sending ?? {};
    const flow = sending
      ? { waiting: sending.waiting, missed: sending.missed, refused: sending.refused, refusedFacts }
      : {};
    await io.out(
      `${jsonFor(io, { ...about, ...role, ...levels, reachable: answer.ok, ...flow, ...(provider ? { provider } : {}), ...(trouble ? { trouble } : {}) })}\n`,
    );
    return answer.ok ? EXIT.done : EXIT.failed;
  }
  const as = `${device.host} of ${person.name}${roleOf(me)}`;
  await io.out(`${io.style.bold(printable(team.name))} at ${url}, as ${printable(as)}\n`);
  await io.out(`  ${aboutLevel(levels.content)}\n`);
  await io.out(`  ${aboutFlow(sending)}\n`);
  await tellProvider(io, provider);
  if (!answer.ok) return failedAt(io, answer.reason);
  if (trouble) io.err(`mpm: ${printable(trouble)}.\n`);
  return EXIT.done;
}

const roleOf = (me: TeamAnswer["me"] | undefined): string => (me ? ` (${me.role})` : "");

/** `own`: of what sends, which goes by its own environment; this command's may say another level. */
function levelsOf({ teamContent }: Config, sending: ConsumerStatus | undefined, server: ContentLevel) {
  const own = sending?.content ?? teamContent;
  return { content: leastContent(own, server), own, server };
}

async function tellProvider(io: Io, provider: TeamAnswer["provider"]): Promise<void> {
  if (provider?.issuer) await io.out(`  People sign in through ${printable(provider.issuer)}.\n`);
  if (provider?.trouble) io.err(`mpm: ${printable(provider.trouble)}.\n`);
}

const waits = (count: number): string => `${plural(count, "event")} ${count === 1 ? "waits" : "wait"}`;

function aboutFlow(sending: ConsumerStatus | undefined): string {
  if (!sending) return "The monitor of this machine sends, and does not run now; the next event starts it.";
  const { waiting, missed, refused, refusedFacts = 0 } = sending;
  return [
    waiting === 0 ? "All is sent" : waits(waiting),
    ...(missed + refused > 0 ? [`${plural(missed + refused, "event")} did not get there`] : []),
    ...(refusedFacts > 0 ? [`what was told of sessions was refused ${plural(refusedFacts, "time")}`] : []),
  ]
    .join("; ")
    .concat(".");
}

/** How the forwarder of this machine's monitor is; undefined where none runs. */
async function sendingOf(io: Io) {
  if (!liveMonitor(io.config)) return undefined;
  const answer = await get(io.config, "/health", io.signal);
  const health = answer.ok ? z.safeParse(FullHealth, answer.value) : undefined;
  return health?.data?.consumers?.find(({ name }) => name === "team");
}

export async function openPage(io: Io, options: TeamCall): Promise<number> {
  const read = readMembership(io.config.paths);
  if (!read.ok) return failedWith(io, read.reason);
  if (!read.value) return failedWith(io, { code: "not_joined" });
  const answer = await askRoute(read.value, "signIn", { signal: io.signal });
  if (!answer.ok) return failedAt(io, answer.reason);
  const { link, expiresAt } = answer.value;
  if (options.json) await io.out(`${jsonFor(io, { link, ...expiry(expiresAt) })}\n`);
  else {
    await io.out(`${link}\n`);
    if (canOpenBrowser(io.config, io.env)) await openBrowser(link, io.env);
  }
  return EXIT.done;
}

export async function leave(io: Io, options: TeamCall): Promise<number> {
  const { paths } = io.config;
  const read = readMembership(paths);
  if (!read.ok) return failedWith(io, read.reason);
  const membership = read.value;
  if (!membership) return failedWith(io, { code: "not_joined" });
  const answer = await askRoute(membership, "revoke", { signal: io.signal, query: { device: membership.device.id } });
  const isOut = answer.ok || answer.reason.code === "token_refused"; // it was revoked there before
  dropMembership(paths);
  if (options.json) await io.out(`${jsonFor(io, { left: membership.url, revoked: isOut })}\n`);
  else await io.out(`mpm: this machine sends to ${printable(membership.team.name)} no more.\n`);
  if (!answer.ok && !isOut)
    io.err(
      `mpm: the team could not be told (${printable(textOf(answer.reason))}); an admin's \`mpm team revoke ${membership.device.id}\` ends the token there.\n`,
    );
  return EXIT.done;
}
