// What a person reads for each reason: a sentence without a full stop, and what to do about it.
// - Nothing parses or compares these texts; a test rewrites every one of them and expects all behaviour unchanged.

import type { Reason, ReasonCode, ReasonOf } from "./reasons.ts";

type Texts = { readonly [C in ReasonCode]: (reason: ReasonOf<C>) => string };

const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;
const TOKEN_PROBLEMS = {
  link: "is a link, not a token",
  foreign: "belongs to another user",
  readable: "can be read by other users, so it is no longer a secret",
  malformed: "holds no token",
  vanished: "was removed as soon as it was made",
} as const;

export const TEXTS: Texts = {
  nothing_listens: ({ url }) => `no monitor listens at ${url}`,
  no_answer: ({ url, afterMs }) => `${url} did not answer within ${seconds(afterMs)}`,
  not_a_monitor: ({ url }) => `${url} is answered by something other than mpm's monitor`,
  other_monitor: ({ url }) =>
    `the server at ${url} could not prove that it is this home's monitor, so nothing is sent to it`,
  older_monitor: ({ url, version }) =>
    `the monitor at ${url} is of an older version${version ? ` (${version})` : ""} that cannot prove who it is`,
  token_refused: ({ url }) => `the server at ${url} refused the token`,
  token_unusable: ({ file, problem }) => `${file} ${TOKEN_PROBLEMS[problem]}`,
  bad_address: ({ url }) => `${url} is not a URL`,
  insecure_address: ({ url }) => `${url} is plain http to another machine`,
  unreachable: ({ url, cause }) => `${url} cannot be reached (${cause})`,
  disconnected: ({ cause }) => `the connection ended (${cause})`,
  stopped: () => "it was stopped",
  moved: ({ home }) => `${home} was moved or replaced while it was in use`,
  already_running: ({ url }) => `the monitor of this home is already running${url ? ` at ${url}` : ""}`,
  held_elsewhere: ({ host, pid }) =>
    `a process on ${host}${pid === undefined ? "" : ` (pid ${pid})`} has this home's monitor, outside what can be seen from here`,
  port_taken: ({ port }) => `port ${port} is taken by another program`,
  port_forbidden: ({ port }) => `port ${port} may not be used by this user`,
  remote_not_allowed: ({ host }) => `${host} lets other machines connect, and without TLS the token travels in clear`,
  store_older: ({ file, version }) => `${file} has the schema of an older version of mpm (schema ${version})`,
  store_newer: ({ file, version }) => `${file} was written by a newer version of mpm (schema ${version})`,
  store_unavailable: ({ cause }) => `the store cannot be reached: ${cause}`,
  listen_failed: ({ cause }) => `it cannot listen: ${cause}`,
  not_ready: ({ afterMs }) => `it was not ready within ${seconds(afterMs)}`,
  autostart_off: () => "monitor.autostart is off",
  not_an_event: ({ path, expected, received }) =>
    `${path}: expected ${expected}${received === undefined ? "" : `, received ${received}`}`,
  unreadable: ({ cause }) => `it cannot be read: ${cause}`,
  over_budget: ({ bytes }) => `it has ${bytes} bytes and would take too long to redact`,
  unstorable: ({ cause }) => `it cannot be stored: ${cause}`,
  session_taken: ({ session }) => `session ${session} is somebody else's`,
  no_team: () => "there is no team here",
  team_exists: ({ name }) => `this database has a team already, ${name}`,
  code_invalid: () => "the code is unknown, used or expired",
  name_taken: ({ name }) => `somebody in the team is called ${name}, or was`,
  no_person: ({ name }) => `nobody in the team is called ${name} any more`,
  no_invitation: () => "no such invitation is open",
  person_unknown: ({ email }) => `nobody in the team has been invited as ${email}`,
  not_in_group: ({ email }) => `the provider has ${email} in no group that may come`,
  email_unverified: () => "the provider has not verified the address",
  identity_unproven: ({ cause }) => `what the provider said does not prove who it is (${cause})`,
  provider_refused: ({ said }) => `the provider refused (${said})`,
  provider_away: ({ cause }) => `the provider does not answer as it should (${cause})`,
  sign_in_unknown: () => "this browser has not begun to sign in, or has begun anew since",
  sign_in_expired: () => "signing in took too long",
  sign_in_used: () => "this sign-in was used already",
  oidc_unusable: ({ problem }) => problem,
  person_removed: ({ name }) => `the team has removed ${name}`,
  not_allowed: ({ needs }) => `that takes ${needs}`,
  not_joined: () => "this machine has not joined a team",
  already_joined: ({ url }) => `this machine belongs to the team at ${url} already`,
  store_full: ({ cause }) => `the disk is full (${cause})`,
  store_busy: ({ cause }) => `the store is busy (${cause})`,
  store_damaged: ({ cause }) => `the store is damaged (${cause})`,
  refused: ({ cause }) => `the server refused it: ${cause}`,
  bad_query: ({ parameter, expected, received }) =>
    `${parameter}: expected ${expected}${received === undefined ? "" : `, received ${received}`}`,
  not_found: ({ what }) => `there is no ${what}`,
  bad_host: ({ host }) => `this monitor is not called ${JSON.stringify(host)}; use 127.0.0.1 or localhost`,
  bad_origin: () => "requests from pages of other sites are not answered",
  no_token: () =>
    "a token is needed: Authorization: Bearer <the content of ~/.claude-mpm/token>, or `mpm monitor open` for a browser",
  too_many: ({ perSecond }) => `more than ${perSecond} requests a second; try again in a second`,
  too_large: ({ limit }) => `larger than ${limit}; send less at a time`,
  bad_method: ({ expected, received }) => `expected ${expected}, received ${received}`,
  bad_type: ({ expected }) => `expected content-type: ${expected}`,
  bad_json: ({ cause }) => `the body is not JSON: ${cause}`,
  internal: ({ cause }) => `the monitor failed: ${cause}`,
  unreadable_answer: ({ url }) => `the answer of ${url} is of another version`,
  unknown: ({ given }) => given || "no reason was given",
};

/** The sentence for a reason, without a full stop. */
export function textOf<C extends ReasonCode>(reason: ReasonOf<C>): string {
  const write: (reason: ReasonOf<C>) => string = TEXTS[reason.code as C];
  return write(reason);
}

const ANOTHER_PORT = "`mpm config set monitor.port PORT` chooses another; `mpm monitor start --port 0` takes any.";

const ADVICE: Partial<Record<ReasonCode, string>> = {
  nothing_listens: "`mpm monitor start` starts it.",
  no_answer: "`mpm doctor` looks further.",
  not_a_monitor: "`mpm config set monitor.port PORT` chooses another port.",
  other_monitor: "`mpm config set monitor.port PORT` chooses another port; `mpm doctor` looks further.",
  older_monitor: "`mpm monitor stop`, then `mpm monitor start`, runs the installed version.",
  bad_address: "It begins with https://, or with http:// for a server on this machine.",
  token_refused: "Set server.token, or check that both use the same home.",
  token_unusable: "`mpm monitor token --rotate` makes a new one.",
  insecure_address: "Use https, or set server.insecure.",
  already_running: "`mpm monitor status` tells more.",
  port_taken: ANOTHER_PORT,
  port_forbidden: ANOTHER_PORT,
  remote_not_allowed: "--allow-remote or monitor.allowRemote says that this is meant.",
  store_older: "Upgrade its monitors first, or use the version of mpm that they are of.",
  store_newer: "Upgrade mpm, or move the file away.",
  autostart_off: "`mpm monitor start` starts it.",
  no_team: "`mpm team init --store URL` makes one.",
  team_exists: "`mpm team invite` gives a code for it.",
  code_invalid: "Ask an admin of the team for a new one: `mpm team invite`.",
  name_taken: "Choose another with --name, or ask an admin for a code for this person: `mpm team invite --for NAME`.",
  no_person: "Try again: the team has just changed.",
  no_invitation: "`mpm team invitations` lists them.",
  person_unknown: "Ask an admin of the team: `mpm team invite --email ADDRESS`.",
  person_removed: "Ask an admin of the team: `mpm team invite --for NAME` lets them in again.",
  not_in_group: "Ask who keeps its groups.",
  email_unverified: "Verify it there, or ask who runs it.",
  identity_unproven: "Try again. On the team's server `mpm doctor` looks further.",
  provider_refused: "Try again, or ask an admin of the team.",
  provider_away: "Try again later. `mpm team open` on a machine that has joined does without it.",
  sign_in_unknown: "Begin once more.",
  sign_in_expired: "Begin once more.",
  sign_in_used: "Begin once more.",
  oidc_unusable: "Ask who runs the team's server: `mpm doctor` there looks further.",
  session_taken:
    "It was sent by somebody else first. Who was removed and joined anew is let in as before by `mpm team invite --for NAME`.",
  not_allowed: "`mpm team status` says what you are; an admin of the team can do it.",
  not_joined: "`mpm team join URL CODE` does that; an admin gives you both.",
  already_joined: "`mpm team leave` ends that.",
};

/** What to do about a reason, as a sentence. */
export function adviceFor({ code }: Reason): string {
  return ADVICE[code] ?? "`mpm doctor` looks further.";
}
