// How a browser signs in to a team: by the code of a link, or through the identity provider that is set.
// - Both end in the same visit, and in a line of the log; so does each sign-in through a provider that was refused.
// - What a sign-in through the provider began with is kept by the browser, and taken once, by whichever monitor.

import type { Config } from "../config/config.ts";
import type { Reason, ReasonOf } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { textOf } from "../contract/texts.ts";
import { SIGN_IN_PATH } from "../contract/words.ts";
import type { Log } from "../platform/log.ts";
import type { TeamStore } from "../store/team.ts";
import type { Attempt } from "../team/attempt.ts";
import { hashOf, type SignedIn, signIn, welcome } from "../team/codes.ts";
import { readOidc } from "../team/oidc.ts";
import type { Provider } from "../team/provider.ts";
import { visitCookie } from "./access.ts";
import type { Audit } from "./audit.ts";
import type { Members } from "./members.ts";
import { tokenBucket } from "./rate.ts";

/** How long somebody may take at the provider. */
export const ATTEMPT_MS = 600_000;
/** Strangers can be refused as often as they like: so many refusals are written down, over a longer time and at once. */
const NOTED_PER_S = 0.5;
const NOTED_BURST = 100;
/** So often the provider is asked who somebody is. */
const ASKED_PER_S = 20;
const ASKED_BURST = 100;

export const CALLBACK_PATH = `${SIGN_IN_PATH}/callback`;

export interface SignIn {
  /** What the team is called. */
  readonly team: string;
  /** Where people sign in through a provider: its issuer; undefined where none is set, or it cannot be used. */
  readonly issuer: string | undefined;
  /** Why the last sign-in through the provider failed on its side; undefined once one has not. */
  readonly trouble: Reason | undefined;
  /** Where people reach this page. */
  readonly base: string | undefined;
  /** The Set-Cookie header of a visit, for the code of a link that is good. */
  byCode(code: string): Promise<string | undefined>;
  /** Where the browser is sent, and what it keeps meanwhile. */
  begin(): Promise<Result<{ readonly to: string; readonly attempt: Attempt }, Reason>>;
  /**
   * The Set-Cookie header of a visit, for who has come back.
   * @param search of the address that the provider sent the browser to
   * @param attempt what the browser has kept; undefined where that is none of this sign-in
   */
  finish(search: string, attempt: Attempt | undefined): Promise<Result<string, Reason>>;
}

export interface SignInParts {
  readonly config: Config;
  readonly team: TeamStore;
  readonly members: Members;
  readonly audit: Audit;
  readonly log: Log;
  /** Where this monitor is reached, while the team says nothing else. */
  readonly url: () => string | undefined;
  /** ms since 1970 */
  readonly now: () => number;
}

/** Undefined while there is no team. */
export function openSignIn({ config, team, members, audit, log, url, now }: SignInParts): () => SignIn | undefined {
  const mayNote = tokenBucket(now, NOTED_PER_S, NOTED_BURST);
  const mayBegin = tokenBucket(now, ASKED_PER_S, ASKED_BURST);
  const mayFinish = tokenBucket(now, ASKED_PER_S, ASKED_BURST);
  const set = readOidc(config);
  if (!set.ok) log.error({ reason: set.reason }, `nobody signs in through a provider: ${textOf(set.reason)}`);
  const oidc = set.ok ? set.value : undefined;
  let loading: Promise<Provider> | undefined;
  let trouble: Reason | undefined = set.ok ? undefined : set.reason;

  const provider = async (): Promise<Provider | undefined> => {
    if (!oidc) return undefined;
    // Its library is loaded by the first who signs in so.
    loading ??= import("../team/provider.ts").then(({ openProvider }) => openProvider(oidc, () => performance.now()));
    return loading;
  };
  const refused = async <R extends Reason>(reason: R): Promise<Result<never, R>> => {
    log.warn({ reason }, `a sign-in through the provider was refused: ${textOf(reason)}`);
    if (reason.code === "provider_away" || reason.code === "oidc_unusable") trouble = reason;
    if (mayNote()) await audit.refused(textOf(reason));
    return failed(reason);
  };
  const entered = async ({ visit, expiresAt, person }: SignedIn, about?: string): Promise<string> => {
    await members.refresh();
    await audit.did({ role: person.role, person }, "signed_in", about);
    return visitCookie(visit, expiresAt - now(), members.roster?.team.url);
  };
  const base = () => members.roster?.team.url ?? url();
  const callback = () => `${base() ?? ""}${CALLBACK_PATH}`;

  const signInTo = (name: string): SignIn => ({
    team: name,
    issuer: oidc?.issuer,
    trouble,
    base: base(),
    async byCode(code) {
      const signed = await signIn(team, code, now());
      return signed.ok ? entered(signed.value) : undefined;
    },
    async begin() {
      const asked = await provider();
      if (!asked) return failed(NOT_SET);
      if (!mayBegin()) return failed(TOO_MANY);
      const begun = await asked.begin(callback(), now());
      if (!begun.ok) return refused(begun.reason);
      trouble = undefined;
      return begun;
    },
    async finish(search, attempt) {
      const asked = await provider();
      if (!asked) return failed(NOT_SET);
      if (!mayFinish()) return failed(TOO_MANY);
      if (!attempt) return refused({ code: "sign_in_unknown" });
      const { state, at } = attempt;
      // Another monitor's clock may be a little ahead.
      if (Math.abs(now() - at) > ATTEMPT_MS) return refused({ code: "sign_in_expired" });
      const isFirst = await team.firstTime(hashOf(state), now() + 2 * ATTEMPT_MS, now());
      if (!isFirst) return refused({ code: "sign_in_used" });
      const vouched = await asked.finish(new URL(callback() + search), attempt);
      if (!vouched.ok) return refused(vouched.reason);
      const signed = await welcome(team, vouched.value, now());
      if (!signed.ok) return refused(signed.reason);
      trouble = undefined;
      return done(await entered(signed.value, `as ${vouched.value.email}`));
    },
  });
  return () => {
    const name = members.roster?.team.name;
    return name === undefined ? undefined : signInTo(name);
  };
}

const TOO_MANY: ReasonOf<"too_many"> = { code: "too_many", perSecond: ASKED_PER_S };
const NOT_SET: ReasonOf<"oidc_unusable"> = { code: "oidc_unusable", problem: "no identity provider is set" };
