// A sign-in through an identity provider, by OpenID Connect: authorization code with PKCE, by openid-client.
// - What binds the sign-in to one browser (state, nonce, verifier) is made here, kept there, and compared here.
// - The ID token's signature is checked as well as its issuer, audience, nonce and age; the address has to be verified.
// - The provider has TIMEOUT_MS for each answer. What it says is not passed on, but for an error's code.

import * as client from "openid-client";
import * as z from "zod/mini";
import { $ZodError } from "zod/v4/core"; // by `z.core`, all languages of zod would come along
import type { ReasonOf } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { Email } from "../contract/team.ts";
import type { Vouched } from "../store/team.ts";
import type { Attempt } from "./attempt.ts";
import type { Oidc } from "./oidc.ts";

const TIMEOUT_MS = 5000;
/** What the provider says of itself is asked for anew after so long. */
const KNOWN_FOR_MS = 3_600_000;

export type ProviderReason = ReasonOf<
  "provider_away" | "provider_refused" | "identity_unproven" | "email_unverified" | "not_in_group"
>;

export interface Provider {
  /** Where the browser is sent, and what it keeps. `back`: where the provider sends it back to. */
  begin(back: string, now: number): Promise<Result<{ readonly to: string; readonly attempt: Attempt }, ProviderReason>>;
  /** Who has come back, by the address that the browser was sent to. */
  finish(came: URL, attempt: Attempt): Promise<Result<Omit<Vouched, "id">, ProviderReason>>;
  /** Whether the provider answers, and is who it is said to be. */
  look(): Promise<Result<undefined, ProviderReason>>;
}

/** `clock`: ms, by a clock that does not jump. */
export function openProvider(oidc: Oidc, clock: () => number, timeoutMs = TIMEOUT_MS): Provider {
  let known: { readonly at: number; readonly about: Promise<client.Configuration> } | undefined;
  const about = (): Promise<client.Configuration> => {
    if (known && clock() - known.at < KNOWN_FOR_MS) return known.about;
    const asked = discover(oidc, timeoutMs);
    known = { at: clock(), about: asked };
    asked.catch(() => {
      known = undefined; // it is asked again
    });
    return asked;
  };
  return {
    begin: (back, now) =>
      attempted(async () => {
        const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
        const to = client.buildAuthorizationUrl(await about(), {
          redirect_uri: back,
          scope: oidc.scope,
          state,
          nonce,
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
        });
        return done({ to: to.href, attempt: { state, nonce, verifier, at: now } });
      }),
    finish: (came, { state, nonce, verifier }) =>
      attempted(async () => {
        const provider = await about();
        const tokens = await client.authorizationCodeGrant(provider, came, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const proven = Claims.parse(tokens.claims());
        const isWhole =
          addressIn(proven, oidc.verifiedBy) !== undefined && (oidc.groups.length === 0 || proven.groups !== undefined);
        const said = isWhole ? {} : await client.fetchUserInfo(provider, tokens.access_token, proven.sub);
        return vouchedOf(oidc, provider.serverMetadata().issuer, Claims.parse(claimsOf(proven, said, oidc.verifiedBy)));
      }),
    look: () => attempted(async () => done(void (await about()))),
  };
}

async function discover({ issuer, clientId, clientSecret }: Oidc, timeoutMs: number): Promise<client.Configuration> {
  const url = new URL(issuer);
  const isLocal = url.protocol === "http:"; // on loopback, as `readOidc` has seen to
  const authentication = clientSecret === undefined ? client.None() : bySecret(clientSecret);
  return client.discovery(url, clientId, undefined, authentication, {
    timeout: timeoutMs / 1000,
    execute: [client.enableNonRepudiationChecks, ...(isLocal ? [client.allowInsecureRequests] : [])],
  });
}

/** In the way that the provider takes; where it does not say, in the one that all do. */
function bySecret(secret: string): client.ClientAuth {
  const [basic, post] = [client.ClientSecretBasic(secret), client.ClientSecretPost(secret)];
  return (server, ...more) => {
    const ways = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    return (ways.includes("client_secret_basic") ? basic : post)(server, ...more);
  };
}

/** Some say a group for a list of one. */
const Claims = z.looseObject({
  sub: z.string().check(z.minLength(1), z.maxLength(255)),
  email: z.exactOptional(z.string()),
  groups: z.exactOptional(z.union([z.array(z.string()), z.string()])),
});

type Said = Readonly<Record<string, unknown>>;

/** All that the provider has said, most of all in the ID token. */
export function claimsOf(proven: Said, said: Said, verifiedBy: string): object {
  const { email: _email, [verifiedBy]: _verified, ...rest } = { ...said, ...proven };
  return { ...rest, ...(addressIn(proven, verifiedBy) ?? addressIn(said, verifiedBy)) };
}

/** An address and whether it is verified, by one word of the provider: of two addresses only one may be. */
function addressIn(said: Said, verifiedBy: string): Said | undefined {
  const { email, [verifiedBy]: verified } = said;
  return email === undefined || verified === undefined ? undefined : { email, [verifiedBy]: verified };
}

/** Some say it as a text or a number. */
const isTrue = (said: unknown): boolean => [true, "true", 1, "1"].some((yes) => yes === said);

function vouchedOf(
  { domains, groups, verifiedBy }: Oidc,
  issuer: string,
  { sub, email: given, [verifiedBy]: verified, groups: its = [] }: z.infer<typeof Claims>,
): Result<Omit<Vouched, "id">, ProviderReason> {
  const email = Email.safeParse(given);
  if (!email.success || !isTrue(verified)) return failed({ code: "email_unverified" });
  const isIn = groups.length === 0 || [its].flat().some((group) => groups.includes(group));
  if (!isIn) return failed({ code: "not_in_group", email: email.data });
  const domain = email.data.slice(email.data.lastIndexOf("@") + 1);
  return done({ subject: `${issuer} ${sub}`, email: email.data, mayCome: domains.includes(domain) });
}

/** Errors of a protocol that a provider may say; anything else that it says is not passed on. */
const ERROR_CODE = /^[a-z_]{1,60}$/;

/** What openid-client throws, as reasons. */
async function attempted<T>(work: () => Promise<Result<T, ProviderReason>>): Promise<Result<T, ProviderReason>> {
  try {
    return await work();
  } catch (error) {
    return failed(reasonOf(error));
  }
}

function reasonOf(error: unknown): ProviderReason {
  if (error instanceof client.AuthorizationResponseError) return refused(error.error);
  if (error instanceof client.ResponseBodyError)
    return error.status >= 500 ? { code: "provider_away", cause: `status ${error.status}` } : refused(error.error);
  if (error instanceof client.WWWAuthenticateChallengeError) return refused("invalid_token");
  if (error instanceof client.ClientError) {
    const { cause, code = "OAUTH_ERROR" } = error;
    if (!AWAY.has(code)) return { code: "identity_unproven", cause: code };
    return { code: "provider_away", cause: cause instanceof Response ? `status ${cause.status}` : code };
  }
  if (error instanceof $ZodError) return { code: "identity_unproven", cause: "what it said has another form" };
  // What fetch throws.
  if (error instanceof TypeError && error.cause instanceof Error)
    return { code: "provider_away", cause: codeOf(error.cause) };
  throw error;
}

const refused = (said: string): ReasonOf<"provider_refused"> => ({
  code: "provider_refused",
  said: ERROR_CODE.test(said) ? said : "an unknown error",
});

/** Codes of openid-client that are of the connection, and of answers that no provider gives. */
const AWAY: ReadonlySet<string> = new Set([
  "OAUTH_TIMEOUT",
  "OAUTH_ABORT",
  "OAUTH_RESPONSE_IS_NOT_CONFORM",
  "OAUTH_RESPONSE_IS_NOT_JSON",
  "OAUTH_PARSE_ERROR",
]);

/** Such as ECONNREFUSED. */
const codeOf = (error: Error): string =>
  "code" in error && typeof error.code === "string" ? error.code : "no connection";
