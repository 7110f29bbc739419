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
