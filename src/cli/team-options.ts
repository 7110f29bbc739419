// The options of `mpm team`, and what its verbs are given of them.

import { DURATION_EXPECTED, readDuration } from "../config/units.ts";
import { Email, ROLES } from "../contract/team.ts";
import { CONTENT_LEVELS } from "../contract/words.ts";
import { type Call, choice, flag, text, value, whole } from "./arguments.ts";

const MAX_LAST = 1000;
const MAX_AUDIT = 1000;
const SERVER = ["init", "change", "invite", "invitations", "cancel", "devices", "revoke", "log"];

const readEmail = (given: string): string | undefined => Email.safeParse(given).data;

export const OPTIONS = {
  store: text("URL", "the team's PostgreSQL database (default: monitor.store)", { only: SERVER }),
  name: text("NAME", "what the team is called (default: team)", {
    only: ["init", "join"],
    aboutFor: { join: "what you are called there (default: your user name)" },
  }),
  admin: text("NAME", "what its first admin is called (default: your user name)", { only: ["init"] }),
  url: text("URL", "where people and machines reach its monitors (at first: this machine's)", {
    only: ["init", "change"],
  }),
  start: flag("start a monitor on it in the background", { only: ["init"] }),
  role: choice(ROLES, "member (default) sees their own sessions, viewer everybody's, admin also manages the team", {
    only: ["invite"],
  }),
  for: text(
    "NAME",
    "somebody of the team, for one more machine; somebody who was revoked; or the name of somebody new",
    {
      only: ["invite"],
    },
  ),
  email: value(
    "ADDRESS",
    "instead of a code: whoever signs in with that address through the identity provider",
    "an address",
    readEmail,
    {
      only: ["invite"],
    },
  ),
  expires: value("TIME", "how long the code is good (default: 7d)", DURATION_EXPECTED, readDuration, {
    only: ["invite"],
  }),
  host: text("NAME", "what this machine is called there (default: its host name)", { only: ["join"] }),
  print: flag("print the token and store nothing: for a CI job or a container", { only: ["join"] }),
  content: choice(CONTENT_LEVELS, "the most that the team takes of an event (at first: content)", {
    only: ["init", "change", "preview"],
    aboutFor: { preview: "as if team.content were this" },
  }),
  last: whole("N", "the last N events (default: 10)", [1, MAX_LAST], { only: ["preview"] }),
  limit: whole("N", "the latest N entries (default: 50)", [1, MAX_AUDIT], { only: ["log"] }),
  json: flag("one JSON object", {
    aboutFor: { preview: "the events, one a line, byte for byte", log: "one entry a line, the latest first" },
  }),
};
export type TeamCall = Call<typeof OPTIONS>["options"];
