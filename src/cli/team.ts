// mpm team: several people's machines send to one monitor on PostgreSQL, and each sees what their role lets them see.

import type { Call } from "./arguments.ts";
import { command } from "./command.ts";
import { OPTIONS } from "./team-options.ts";
import type { Io } from "./terminal.ts";

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
