// The pages by which a browser is let in.
// - A link of this machine's own monitor works by being opened. One of a team's may stand in a message, which programs open
//   before its reader does: it shows a page with a button, and what the button sends uses up the code.
// - Through a provider, the browser keeps what the sign-in began with in a cookie that is shown to these pages alone.
// - What is refused is one plain page that says why.

import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Reason } from "../contract/reasons.ts";
import { adviceFor, textOf } from "../contract/texts.ts";
import { SIGN_IN_PATH } from "../contract/words.ts";
import type { Attempt } from "../team/attempt.ts";
import type { Access } from "./access.ts";
import { attemptCookie, attemptsIn, NO_ATTEMPT } from "./attempt-cookie.ts";
import { lockedPage, PLAIN_HEADERS, refusedPage, SECURITY_HEADERS, signInPage } from "./page.ts";
import { Refusal, send } from "./respond.ts";
import { CALLBACK_PATH, type SignIn } from "./sign-in.ts";

const LOGIN_PATH = "/login";
/** A code, and what a form writes around it. */
const MAX_FORM_BYTES = 1024;
/** As both kinds of codes are written. */
const CODE = /^[\w -]{1,100}$/;
const HTML = "text/html; charset=utf-8";
const SEE_OTHER = 303;

export interface Doors {
  readonly access: Access;
  /** How browsers sign in to a team; undefined while there is none. */
  signIn(): SignIn | undefined;
}

/** Whether the path is of these pages, which browsers come to from elsewhere. */
export const isLogin = (pathname: string): boolean => [LOGIN_PATH, SIGN_IN_PATH, CALLBACK_PATH].includes(pathname);

export async function login(doors: Doors, url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "", headers } = request;
  const signIn = doors.signIn();
  const isPost = method === "POST" && url.pathname === LOGIN_PATH && signIn !== undefined;
  if (method !== "GET" && !isPost) throw new Refusal(405, { code: "bad_method", expected: "GET", received: method });
  if (/prefetch/i.test(`${headers["sec-purpose"]} ${headers["purpose"]}`))
    throw new Refusal(
      403,
      { code: "bad_method", expected: "GET", received: "prefetch" },
      "this link is for a visit, not for a look in advance",
    );
  if (signIn && isPost) await enterByForm(doors.access, signIn, request, response);
  else if (url.pathname === LOGIN_PATH) showLink(doors.access, signIn, url, response);
  else if (!signIn?.issuer) throw new Refusal(404, { code: "not_found", what: url.pathname });
  else if (url.pathname === SIGN_IN_PATH) await begin(signIn, url, request, response);
  else await finish(signIn, url, request, response);
}

function showLink(access: Access, signIn: SignIn | undefined, url: URL, response: ServerResponse): void {
  const code = url.searchParams.get("code") ?? "";
  const cookie = access.redeem(code);
  if (cookie !== undefined) enter(response, cookie);
  else if (signIn && CODE.test(code)) send(response, 200, HTML, signInPage(signIn.team, code), FORM_HEADERS);
  else send(response, 403, HTML, lockedPage(signIn?.issuer), PLAIN_HEADERS);
}

/** What the button of the page sends, and no other page. */
async function enterByForm(
  access: Access,
  signIn: SignIn,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { headers } = request;
  // Browsers say where a form comes from; what does not say so is none of ours.
  if (headers.origin === undefined || !access.originAllowed(headers)) throw new Refusal(403, { code: "bad_origin" });
  if (!/^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? ""))
    throw new Refusal(415, { code: "bad_type", expected: "application/x-www-form-urlencoded" });
  if (!(Number(headers["content-length"]) <= MAX_FORM_BYTES))
    throw new Refusal(413, { code: "too_large", limit: MAX_FORM_BYTES });
  const cookie = await signIn.byCode(new URLSearchParams(await text(request)).get("code") ?? "");
  if (cookie !== undefined) enter(response, cookie);
  else send(response, 403, HTML, lockedPage(signIn.issuer), PLAIN_HEADERS);
}

async function begin(signIn: SignIn, url: URL, { headers }: IncomingMessage, response: ServerResponse): Promise<void> {
  const { base } = signIn;
  // The provider sends the browser back to that address, and the cookie has to be of the same one.
  const isElsewhere = base !== undefined && URL.parse(base)?.host !== headers.host;
  if (isElsewhere && !url.searchParams.has("here")) return redirect(response, `${base}${SIGN_IN_PATH}?here=1`);
  const begun = await signIn.begin();
  if (!begun.ok) return refuse(response, begun.reason);
  const { to, attempt } = begun.value;
  redirect(response, to, attemptCookie(attempt, base));
}

async function finish(signIn: SignIn, url: URL, { headers }: IncomingMessage, response: ServerResponse): Promise<void> {
  const state = url.searchParams.get("state");
  const attempt: Attempt | undefined = attemptsIn(headers.cookie).find((one) => one.state === state);
  const finished = await signIn.finish(url.search, attempt);
  if (finished.ok) enter(response, [finished.value, NO_ATTEMPT]);
  else refuse(response, finished.reason, NO_ATTEMPT);
}

/** Reasons that lie elsewhere than with who signs in. */
const STATUS: Partial<Record<Reason["code"], number>> = { provider_away: 503, oidc_unusable: 503, too_many: 429 };

function refuse(response: ServerResponse, reason: Reason, cookie?: string): void {
  if (cookie !== undefined) response.setHeader("set-cookie", cookie);
  send(
    response,
    STATUS[reason.code] ?? 403,
    HTML,
    refusedPage(textOf(reason), adviceFor(reason), SIGN_IN_PATH),
    PLAIN_HEADERS,
  );
}

const enter = (response: ServerResponse, cookie: string | string[]): void => redirect(response, "/", cookie);

function redirect(response: ServerResponse, location: string, cookie?: string | string[]): void {
  response
    .writeHead(SEE_OTHER, {
      ...SECURITY_HEADERS,
      location,
      "cache-control": "no-store",
      ...(cookie === undefined ? {} : { "set-cookie": cookie }),
    })
    .end();
}

/** A page whose form may be sent to its own site, and that says where it comes from: what is sent has to. */
const FORM_HEADERS = {
  ...PLAIN_HEADERS,
  "content-security-policy": `${PLAIN_HEADERS["content-security-policy"]}`.replace(
    "form-action 'none'",
    "form-action 'self'",
  ),
  "referrer-policy": "strict-origin",
};
