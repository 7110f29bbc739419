// The verbs of `mpm team` for who runs the team: in its database where that is named, else by the monitor that this machine
// has joined, else by the team's monitor of this home.

import { readAs, SETTINGS } from "../config/settings.ts";
import type { Reason } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import type { AuditEntry, Device, Invitation, Pending, Person, Revoked, Role } from "../contract/team.ts";
import { textOf } from "../contract/texts.ts";
import { INVITED, SIGN_IN_PATH } from "../contract/words.ts";
import { plural, printable, span } from "../platform/text.ts";
import { startInBackground } from "../services/background.ts";
import { askRoute, type Place } from "../services/route.ts";
import { liveMonitor, ownMonitor, urlOf } from "../services/target.ts";
import { openPostgres, type PostgresOptions, type PostgresStore } from "../store/postgres/store.ts";
import type { TeamStore } from "../store/team.ts";
import { aboutPending, cancel, foundTeam, invite, inviteAddress, pending, personNamed, shown } from "../team/codes.ts";
import { readMembership } from "../team/membership.ts";
import { explained } from "./ask.ts";
import { table } from "./layout.ts";
import type { TeamCall } from "./team-options.ts";
import { EXIT, type Io, jsonFor, UsageError } from "./terminal.ts";

const DEFAULT_ENTRIES = 50;

/** How a team is asked, whichever way. */
interface TeamClient {
  invite(asked: {
    role: Role;
    goodForMs?: number | undefined;
    person?: string | undefined;
    email?: string | undefined;
  }): Promise<Asked<Invitation>>;
  invitations(): Promise<Asked<{ invitations: readonly Pending[]; people: readonly Person[] }>>;
  cancel(id: string): Promise<Asked<{ cancelled: Pending }>>;
  devices(): Promise<Asked<{ devices: readonly Device[]; people: readonly Person[] }>>;
  revoke(which: { device: string } | { person: string }): Promise<Asked<Revoked>>;
  audit(limit: number): Promise<Asked<{ entries: readonly AuditEntry[]; people: readonly Person[] }>>;
}
type Asked<T> = Result<T, Reason>;

export async function init(io: Io, options: TeamCall): Promise<number> {
  const url = storeUrl(io, options);
  if (url === undefined) throw new UsageError("`mpm team init` needs --store with a postgres:// URL.");
  const running = options.start ? liveMonitor(io.config) : undefined;
  if (running) {
    io.err(
      `mpm: ${textOf({ code: "already_running", url: running.url })}. \`mpm monitor stop\` ends it; with another MPM_HOME and MPM_MONITOR_PORT a second one runs beside it.\n`,
    );
    return EXIT.failed;
  }
  return withDatabase(io, url, ({ team }) => initIn(io, options, url, team), {});
}

async function initIn(io: Io, options: TeamCall, store: string, members: TeamStore): Promise<number> {
  const { name = "team", admin = userOf(io), content = "content" } = options;
  const at = options.url?.replace(/\/+$/, "") ?? ownAddress(io);
  const now = io.now();
  const team = { name, content, ...(options.url === undefined ? {} : { url: at }) };
  const founded = await foundTeam(members, { team, admin }, now);
  if (!founded.ok) return failedWith(io, founded.reason);
  const { link, admin: person } = founded.value;
  const roster = await members.roster();
  const own = roster && (await invite(members, roster, { role: person.role, person: person.id }, now));
  if (!own?.ok) return failedWith(io, own?.reason ?? { code: "no_team" });
  const started = options.start ? await startInBackground(io.config, { ...io.env, MPM_STORE: store }, {}) : undefined;
  const fenced = await members.isFenced();
  const base = started?.ok ? started.value : at;
  const signIn = `${options.url === undefined ? base : at}/login?code=${link.code}`;
  const joining = { url: options.url === undefined ? base : at, code: own.value.code };
  if (options.json) {
    await io.out(
      `${jsonFor(io, { team: name, admin: person.name, link: signIn, ...expiry(link.expiresAt), join: joining, fenced })}\n`,
    );
    return started?.ok === false ? failedWith(io, started.reason) : EXIT.done;
  }
  const { style } = io;
  await io.out(
    `${style.green("mpm:")} the team ${printable(name)} is made, with ${printable(person.name)} as its admin.\n`,
  );
  await io.out(
    `  MPM_STORE=... mpm monitor start\n    starts a monitor of it${started?.ok ? " again, after this one has ended" : ""}, here or on other machines\n`,
  );
  await io.out(`  ${signIn}\n    signs you in, once, within a day\n`);
  await io.out(
    `  mpm team join ${joining.url} ${joining.code}\n    makes a machine of yours send there, once, within a week\n`,
  );
  await io.out("  mpm team invite\n    gives a code for somebody else\n");
  if (!fenced)
    io.err(
      "mpm: the database's role is a superuser or passes row-level security: the database itself then holds nothing back. Use another role.\n",
    );
  // What was made is said all the same: the link is told this once.
  return started?.ok === false ? failedWith(io, started.reason) : EXIT.done;
}

export async function change(io: Io, options: TeamCall): Promise<number> {
  const { content, json } = options;
  const url = options.url?.replace(/\/+$/, "");
  if (url === undefined && content === undefined) throw new UsageError("`mpm team change` needs --url or --content.");
  const store = storeUrl(io, options);
  if (store === undefined) throw new UsageError("`mpm team change` needs --store with a postgres:// URL.");
  return withDatabase(io, store, async ({ team }) => {
    if ((await team.version()) === undefined) return failedWith(io, { code: "no_team" });
    await team.change({ ...(url === undefined ? {} : { url }), ...(content === undefined ? {} : { content }) });
    const changed = (await team.roster())?.team;
    const { name = "", url: at = "its monitors", content: most } = changed ?? {};
    if (json) await io.out(`${jsonFor(io, changed)}\n`);
    else await io.out(`mpm: ${printable(name)} is reached at ${at} and takes ${most}.\n`);
    return EXIT.done;
  });
}

export async function inviteOne(io: Io, options: TeamCall): Promise<number> {
  return withTeam(io, options, async (team) => {
    const asked = await team.invite({
      role: options.role ?? "member",
      goodForMs: options.expires,
      person: options.for,
      email: options.email,
    });
    if (!asked.ok) return failedWith(io, asked.reason);
    const { code, email, name, expiresAt, role, url = ownAddress(io) } = asked.value;
    if (options.json) {
      const what = email === undefined ? { code } : { email };
      const called = name === undefined ? {} : { name };
      await io.out(`${jsonFor(io, { ...what, ...called, ...expiry(expiresAt), role, url })}\n`);
      return EXIT.done;
    }
    await io.out(email === undefined ? `mpm team join ${url} ${code}\n` : `${url}${SIGN_IN_PATH}\n`);
    const whom = name === undefined ? "" : `, called ${printable(name)}`;
    const how = email === undefined ? "joins with it" : `signs in there as ${printable(email)}`;
    io.err(`mpm: good once, for ${span(expiresAt - io.now())}; who ${how} is ${aRole(role)}${whom}.\n`);
    return EXIT.done;
  });
}

const aRole = (role: Role): string => `${role === "admin" ? "an" : "a"} ${role}`;

export async function listInvitations(io: Io, options: TeamCall): Promise<number> {
  return withTeam(io, options, async (team) => {
    const asked = await team.invitations();
    if (!asked.ok) return failedWith(io, asked.reason);
    const { invitations, people } = asked.value;
    if (options.json) {
      await io.out(`${jsonFor(io, { invitations })}\n`);
      return EXIT.done;
    }
    const nameOf = new Map(people.map(({ id, name }) => [id, name]));
    const rows = invitations.map(({ id, purpose, person, name = "somebody new", email, role, expiresAt }) => [
      id,
      printable(person === undefined ? name : (nameOf.get(person) ?? person)),
      printable(email ?? INVITED[purpose] ?? purpose),
      role,
      `for ${span(expiresAt - io.now())}`,
    ]);
    if (rows.length === 0) await io.out("mpm: no invitation is open.\n");
    else await printTable(io, ["id", "person", "lets in", "role", "good"], rows);
    return EXIT.done;
  });
}

export async function cancelOne(io: Io, options: TeamCall, id: string): Promise<number> {
  return withTeam(io, options, async (team) => {
    const asked = await team.cancel(id);
    if (!asked.ok) return failedWith(io, asked.reason);
    if (options.json) await io.out(`${jsonFor(io, asked.value)}\n`);
    else await io.out("mpm: it lets nobody in any more.\n");
    return EXIT.done;
  });
}

export async function listDevices(io: Io, options: TeamCall): Promise<number> {
  return withTeam(io, options, async (team) => {
    const asked = await team.devices();
    if (!asked.ok) return failedWith(io, asked.reason);
    const { devices, people } = asked.value;
    if (options.json) {
      await io.out(`${jsonFor(io, { devices, people })}\n`);
      return EXIT.done;
    }
    const nameOf = new Map(people.map(({ id, name }) => [id, name]));
    const rows = devices.map((device) => [
      printable(device.host),
      printable(nameOf.get(device.person) ?? device.person),
      stateOf(device, io.now()),
      device.id,
    ]);
    if (rows.length === 0) await io.out("mpm: no machine has joined yet. `mpm team invite` gives a code.\n");
    else await printTable(io, ["machine", "person", "state", "id"], rows);
    return EXIT.done;
  });
}

function stateOf({ revokedAt, seenAt, report }: Device, now: number): string {
  if (revokedAt !== undefined) return `revoked ${span(now - revokedAt)} ago`;
  if (seenAt === undefined) return "not heard of yet";
  const said = report
    ? [
        report.waiting > 0 ? `${report.waiting} wait` : "",
        report.lost > 0 ? `${report.lost} lost` : "",
        report.trouble ?? "",
      ]
    : [];
  return [`seen ${span(now - seenAt)} ago`, ...said.filter(Boolean).map(printable)].join(", ");
}

export async function revokeOne(io: Io, options: TeamCall, which: string): Promise<number> {
  return withTeam(io, options, async (team) => {
    const known = await team.devices();
    if (!known.ok) return failedWith(io, known.reason);
    const device = known.value.devices.find(({ id }) => id === which);
    const asked = await team.revoke(device ? { device: device.id } : { person: which });
    // A monitor names its route, not what was meant.
    if (!asked.ok && asked.reason.code === "not_found")
      return failedWith(io, { code: "not_found", what: "device or person of that name" });
    if (!asked.ok) return failedWith(io, asked.reason);
    const { devices, people } = asked.value;
    if (options.json) await io.out(`${jsonFor(io, { devices, people })}\n`);
    else
      await io.out(
        `mpm: ${printable(device?.host ?? which)} is let in no more${people > 0 ? `, with ${plural(devices, "machine")}` : ""}.\n`,
      );
    return EXIT.done;
  });
}

export async function log(io: Io, options: TeamCall): Promise<number> {
  return withTeam(io, options, async (team) => {
    const asked = await team.audit(options.limit ?? DEFAULT_ENTRIES);
    if (!asked.ok) return failedWith(io, asked.reason);
    const { entries, people } = asked.value;
    if (options.json) {
      for (const entry of entries) await io.out(`${jsonFor(io, entry)}\n`);
      return EXIT.done;
    }
    const nameOf = (id: string | undefined, action: string) =>
      id === undefined
        ? action === "sign_in_refused"
          ? "(somebody)"
          : "(the operator)"
        : (people.find((person) => person.id === id)?.name ?? id);
    const rows = [...entries]
      .reverse()
      .map(({ at, person, action, session, owner, about }) => [
        iso(at),
        printable(nameOf(person, action)),
        printable(action.replaceAll("_", " ")),
        printable(
          [session?.slice(0, 8), owner === undefined ? undefined : `of ${nameOf(owner, action)}`, about]
            .filter(Boolean)
            .join(" "),
        ),
      ]);
    await printTable(io, ["when", "who", "did", "what"], rows);
    return EXIT.done;
  });
}

/** Rows below what their columns are called, as wide as the terminal. */
async function printTable(io: Io, heading: readonly string[], rows: readonly (readonly string[])[]): Promise<void> {
  const [first = "", ...lines] = table([heading, ...rows], io.columns);
  await io.out(`${io.style.dim(first)}\n`);
  for (const line of lines) await io.out(`${line}\n`);
}

/** When something expires, by both names that programs go by: as text, and as the API has it, ms since 1970. */
export const expiry = (ms: number) => ({ expires_at: iso(ms), expiresAt: ms });

const iso = (ms: number): string => new Date(ms).toISOString();

export const userOf = ({ env }: Io): string => env["USER"] || env["LOGNAME"] || env["USERNAME"] || "admin";

function ownAddress({ config }: Io): string {
  return liveMonitor(config)?.url ?? urlOf(config.monitorHost, config.monitorPort);
}

function storeUrl(io: Io, { store }: TeamCall): string | undefined {
  if (store === undefined) return io.config.monitorStore;
  const read = readAs(SETTINGS.monitorStore.schema(), store);
  if (!read.ok) throw new UsageError("--store expects a postgres:// URL.");
  return read.value;
}

export function failedWith(io: Io, reason: Reason): number {
  io.err(`mpm: ${printable(explained(reason))}\n`);
  return EXIT.failed;
}

/** Works in the team's database, which is closed behind it. */
async function withDatabase(
  io: Io,
  url: string,
  work: (opened: PostgresStore) => Promise<number>,
  how: Pick<PostgresOptions, "visits"> = { visits: true },
): Promise<number> {
  const opened = await openPostgres({ url, now: io.now, ...how });
  if (!opened.ok) return failedWith(io, opened.reason);
  try {
    return await work(opened.value);
  } finally {
    await opened.value.close();
  }
}

async function withTeam(io: Io, options: TeamCall, work: (team: TeamClient) => Promise<number>): Promise<number> {
  const url = storeUrl(io, options);
  if (url === undefined) {
    const membership = readMembership(io.config.paths);
    if (!membership.ok) return failedWith(io, membership.reason);
    const place = membership.value ?? (await ownTeam(io));
    if (place) return work(monitorClient(io, place));
    failedWith(io, { code: "not_joined" });
    io.err("     On a machine that serves the team, --store or MPM_STORE names its database.\n");
    return EXIT.failed;
  }
  return withDatabase(io, url, (opened) => work(databaseClient(io, opened)));
}

/** The monitor of this home, where it runs and keeps a team. */
async function ownTeam(io: Io): Promise<Place | undefined> {
  if (!liveMonitor(io.config)) return undefined;
  const target = ownMonitor(io.config);
  return target.ok && (await askRoute(target.value, "team", { signal: io.signal })).ok ? target.value : undefined;
}

/** In the database itself. */
function databaseClient(io: Io, { team: store }: PostgresStore): TeamClient {
  const withRoster = async <T>(
    work: (roster: NonNullable<Awaited<ReturnType<typeof store.roster>>>) => Promise<Asked<T>>,
  ): Promise<Asked<T>> => {
    const roster = await store.roster();
    return roster ? work(roster) : failed({ code: "no_team" });
  };
  return {
    invite: ({ email, ...asked }) =>
      withRoster(async (roster) => {
        const invited = await (email === undefined
          ? invite(store, roster, asked, io.now())
          : inviteAddress(store, roster, { ...asked, email }, io.now()));
        if (!invited.ok) return invited;
        const { person, ...invitation } = invited.value;
        const name = person?.name ?? asked.person;
        const whom = person?.name ?? asked.person ?? asked.role;
        const about = email === undefined ? whom : `${whom}, ${email}`;
        await store.note([{ at: io.now(), action: "invited", about }]);
        return done({
          ...invitation,
          ...(name === undefined ? {} : { name }),
          ...(roster.team.url ? { url: roster.team.url } : {}),
        });
      }),
    invitations: () => withRoster(async ({ people }) => done({ invitations: await pending(store, io.now()), people })),
    cancel: (id) =>
      withRoster(async (roster) => {
        const cancelled = await cancel(store, id, () => true, io.now());
        if (!cancelled.ok) return cancelled;
        await store.note([{ at: io.now(), action: "cancelled", about: aboutPending(cancelled.value, roster) }]);
        return done({ cancelled: cancelled.value });
      }),
    devices: () => withRoster(async ({ devices, people }) => done({ devices: devices.map(shown), people })),
    revoke: (which) =>
      withRoster<Revoked>(async (roster) => {
        const person = "person" in which ? personNamed(roster, which.person) : undefined;
        if ("person" in which && !person) return failed({ code: "not_found", what: "device or person of that name" });
        const host = "device" in which ? roster.devices.find(({ id }) => id === which.device)?.host : undefined;
        const revoked = await store.revoke(person ? { person: person.id } : which, io.now());
        await store.note([{ at: io.now(), action: "revoked", about: person?.name ?? host }]);
        return done(revoked);
      }),
    audit: (limit) => withRoster(async ({ people }) => done({ entries: await store.noted(limit), people })),
  };
}

/** By the team's monitor, with the token of this machine or of its home. */
function monitorClient(io: Io, place: Place): TeamClient {
  const withPeople = async <T extends object>(asked: Promise<Asked<T>>): Promise<Asked<T & { people: Person[] }>> => {
    const answer = await asked;
    if (!answer.ok) return answer;
    const team = await askRoute(place, "team", { signal: io.signal });
    return team.ok ? done({ ...answer.value, people: team.value.people }) : team;
  };
  return {
    invite: (asked) => askRoute(place, "invite", { signal: io.signal, query: asked }),
    invitations: () => withPeople(askRoute(place, "invitations", { signal: io.signal })),
    cancel: (id) => askRoute(place, "cancel", { signal: io.signal, query: { id } }),
    devices: () => withPeople(askRoute(place, "devices", { signal: io.signal })),
    revoke: (which) => askRoute(place, "revoke", { signal: io.signal, query: which }),
    audit: (limit) => withPeople(askRoute(place, "audit", { signal: io.signal, query: { limit } })),
  };
}
