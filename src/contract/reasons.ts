// Why something did not happen, as values: every reason has a code, and carries what a sentence about it needs.
// - Code branches on codes. Sentences stand in texts.ts and are made where a person reads them.
// - A reason that crosses a process or the network is parsed by `Reason`; an unknown code of a newer version is kept as
//   `unknown`, so that it can be shown and never changes what is done.

import * as z from "zod/mini";

/** The value that `make` gives, made once: a program that is told no reason does without fifty schemas. */
function atFirstUse<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const text = z.string();
const code = <C extends string, S extends z.core.$ZodLooseShape>(name: C, shape: S) =>
  z.looseObject({ code: z.literal(name), ...shape });

/** Why no connection to a monitor or server stands. */
const connection = () =>
  [
    code("nothing_listens", { url: text }),
    code("no_answer", { url: text, afterMs: z.number() }),
    code("not_a_monitor", { url: text }),
    code("other_monitor", { url: text }),
    code("older_monitor", { url: text, version: z.optional(text) }),
    code("token_refused", { url: text }),
    code("token_unusable", { file: text, problem: z.enum(["link", "foreign", "readable", "malformed", "vanished"]) }),
    code("bad_address", { url: text }),
    code("insecure_address", { url: text }),
    code("unreachable", { url: text, cause: text }),
    code("disconnected", { cause: text }),
    code("stopped", {}),
    code("moved", { home: text }),
  ] as const;

/** Why a monitor does not run. */
const start = () =>
  [
    code("already_running", { url: z.optional(text), pid: z.optional(z.number()) }),
    code("held_elsewhere", { host: text, pid: z.optional(z.number()) }),
    code("port_taken", { port: z.number() }),
    code("port_forbidden", { port: z.number() }),
    code("remote_not_allowed", { host: text }),
    code("store_newer", { file: text, version: z.number() }),
    code("store_older", { file: text, version: z.number() }),
    code("store_unavailable", { cause: text }),
    code("listen_failed", { cause: text }),
    code("not_ready", { afterMs: z.number() }),
    code("autostart_off", {}),
  ] as const;

/** Why an event was refused, or is in rejected/. */
const refused = () =>
  [
    code("not_an_event", { path: text, expected: text, received: z.optional(text) }),
    code("unreadable", { cause: text }),
    code("over_budget", { bytes: z.number(), budgetMs: z.optional(z.number()) }),
    code("unstorable", { cause: text }),
    code("session_taken", { session: text }),
    code("store_full", { cause: text }),
    code("store_busy", { cause: text }),
    code("store_damaged", { cause: text }),
    code("refused", { cause: text }),
  ] as const;

/** Why a request of the API is not answered. */
const request = () =>
  [
    code("bad_query", { parameter: text, expected: text, received: z.optional(text) }),
    code("not_found", { what: text }),
    code("bad_host", { host: text }),
    code("bad_origin", {}),
    code("no_token", {}),
    code("too_many", { perSecond: z.number() }),
    code("too_large", { limit: z.number() }),
    code("bad_method", { expected: text, received: text }),
    code("bad_type", { expected: text }),
    code("bad_json", { cause: text }),
    code("internal", { cause: text }),
    code("unreadable_answer", { url: text }),
  ] as const;

/** Why somebody may not do something in a team. */
const team = () =>
  [
    code("no_team", {}),
    code("team_exists", { name: text }),
    code("code_invalid", {}),
    code("name_taken", { name: text }),
    code("no_person", { name: text }),
    code("no_invitation", {}),
    code("person_unknown", { email: text }),
    code("person_removed", { name: text }),
    code("not_in_group", { email: text }),
    code("email_unverified", {}),
    code("identity_unproven", { cause: text }),
    code("provider_refused", { said: text }),
    code("provider_away", { cause: text }),
    code("sign_in_unknown", {}),
    code("sign_in_expired", {}),
    code("sign_in_used", {}),
    code("oidc_unusable", { problem: text }),
    code("not_allowed", { needs: text }),
    code("not_joined", {}),
    code("already_joined", { url: text }),
  ] as const;

/** A reason that this version does not know, as a newer one gave it. */
const unknown = () => z.looseObject({ code: z.literal("unknown"), given: text });

const known = atFirstUse(() =>
  z.discriminatedUnion("code", [...connection(), ...start(), ...refused(), ...request(), ...team(), unknown()]),
);

export type Reason = z.infer<ReturnType<typeof known>>;
export type ReasonCode = Reason["code"];
/** The reason with that code. */
export type ReasonOf<C extends ReasonCode> = Extract<Reason, { code: C }>;

export type ConnectionReason = z.infer<ReturnType<typeof connection>[number]>;
export type StartReason = z.infer<ReturnType<typeof start>[number]>;
export type RefusedReason = z.infer<ReturnType<typeof refused>[number]>;
export type TeamReason = z.infer<ReturnType<typeof team>[number]>;
export type RequestReason = z.infer<ReturnType<typeof request>[number]>;

const aboutTeam = atFirstUse(() => z.discriminatedUnion("code", [...team()]));

export function isTeamReason(reason: Reason): reason is TeamReason {
  return aboutTeam().safeParse(reason).success;
}

const Coded = z.looseObject({ code: z.string() });

/** Reads a reason from outside. Whatever it is, the answer is a Reason: an unknown one says what was given. */
export function readReason(given: unknown): Reason {
  const read = known().safeParse(given);
  if (read.success) return read.data;
  const coded = Coded.safeParse(given);
  if (coded.success) return { code: "unknown", given: coded.data.code };
  return { code: "unknown", given: typeof given === "string" ? given : "" };
}

/** A schema for a reason within an answer; it accepts what `readReason` accepts, and where there is none nothing is read. */
export const ReasonField = z.pipe(z.nonoptional(z.unknown()), z.transform(readReason));
