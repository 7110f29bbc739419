// mpm team: several people's machines send to one monitor on PostgreSQL, and each sees what their role lets them see.

import { DURATION_EXPECTED, readDuration } from "../config/units.ts";
import { Email, ROLES } from "../contract/team.ts";
import { CONTENT_LEVELS } from "../contract/words.ts";
import { type Call, choice, flag, text, value, whole } from "./arguments.ts";
import { command } from "./command.ts";
import type { Io } from "./terminal.ts";

const MAX_LAST = 1000;
const MAX_AUDIT = 1000;
const SERVER = ["init", "change", "invite", "invitations", "cancel", "devices", "revoke", "log"];

const readEmail = (given: string): string | undefined => Email.safeParse(given).data;

const OPTIONS = {
  store: text("URL", "the team's PostgreSQL database (default: monitor.store)", { only: SERVER }),
  name: text("NAME", "init: what the team is called; join: what you are called there", { only: ["init", "join"] }),
  admin: text("NAME", "what its first admin is called (default: your user name)", { only: ["init"] }),
  url: text("URL", "where people and machines reach its monitors (default: this machine's)", {
    only: ["init", "change"],
  }),
  start: flag("start a monitor on it in the background", { only: ["init"] }),
  role: choice(ROLES, "member sees their own sessions, viewer everybody's, admin also manages the team", {
    only: ["invite"],
  }),
  for: text("NAME", "somebody who is there, for another machine of theirs, or was, or is new", { only: ["invite"] }),
  email: value("ADDRESS", "no code: whoever signs in by a provider with that address", "an address", readEmail, {
    only: ["invite"],
  }),
  expires: value("TIME", "how long the code is good (default: 7d)", DURATION_EXPECTED, readDuration, {
    only: ["invite"],
  }),
  host: text("NAME", "what this machine is called there (default: its host name)", { only: ["join"] }),
  print: flag("print the token and store nothing: for a CI job or a container", { only: ["join"] }),
  content: choice(CONTENT_LEVELS, "init, change: the most that the team takes; preview: as if team.content were this", {
    only: ["init", "change", "preview"],
  }),
  last: whole("N", "the last N events (default: 10)", [1, MAX_LAST], { only: ["preview"] }),
  limit: whole("N", "the latest N entries (default: 50)", [1, MAX_AUDIT], { only: ["log"] }),
  json: flag("JSON"),
};
export type TeamCall = Call<typeof OPTIONS>["options"];

export const verb = command({
  text: [
    "A team's monitors keep what all its machines send in one PostgreSQL database. A machine joins by a code that works once. What leaves it is decided on the machine: names, times and sizes unless team.content says more.",
  ],
  options: OPTIONS,
  verbs: {
    init: { about: "make a team in a PostgreSQL database, with you as its admin" },
    change: { about: "change where the team is reached, or the most that it takes of an event" },
    invite: { about: "print a code that lets one machine join" },
    invitations: { about: "list the invitations that have not been used" },
    cancel: {
      about: "take an invitation out of use",
      operands: [{ name: "ID", about: "its id, or the code" }],
    },
    join: {
      about: "make this machine send to a team",
      operands: [
        { name: "URL", about: "where the team's monitor is reached" },
        { name: "CODE", about: "a code of `mpm team invite`" },
      ],
    },
    status: { about: "which team this machine belongs to, what leaves it, and what waits" },
    open: { about: "open the team's dashboard in the browser, with a link that works once" },
    preview: { about: "print the last events as they would leave this machine" },
    devices: { about: "list machines, and how they are" },
    revoke: {
      about: "let a machine in no more, or a person",
      operands: [{ name: "DEVICE", about: "a device's id, or a person's name" }],
    },
    log: { about: "who read whose sessions, and who let whom in" },
    leave: { about: "make this machine send to its team no more" },
  },
  run,
});

async function run(
  { verb, options, operands: [first = "", second = ""] }: Call<typeof OPTIONS>,
  io: Io,
): Promise<number> {
  const server = () => import("./team-server.ts");
  const machine = () => import("./team-machine.ts");
  switch (verb) {
    case "init":
      return (await server()).init(io, options);
    case "change":
      return (await server()).change(io, options);
    case "invite":
      return (await server()).inviteOne(io, options);
    case "invitations":
      return (await server()).listInvitations(io, options);
    case "cancel":
      return (await server()).cancelOne(io, options, first);
    case "devices":
      return (await server()).listDevices(io, options);
    case "revoke":
      return (await server()).revokeOne(io, options, first);
    case "log":
      return (await server()).log(io, options);
    case "join":
      return (await machine()).joinTeam(io, options, first, second);
    case "open":
      return (await machine()).openPage(io, options);
    case "leave":
      return (await machine()).leave(io, options);
    case "preview":
      return (await import("./team-preview.ts")).preview(io, options);
    default:
      return (await machine()).status(io, options);
  }
}
