// The monitor's HTTP side: who is let in, and which route of the contract is meant.
// - Everything but /health needs the token or the cookie; every request needs a Host of ours.
// - Errors are JSON, { error: { code, message } }: codes of the contract's reasons, and sentences that help.
// - Input is bounded: size of a body, page sizes, requests a second.

import type { IncomingMessage, ServerResponse } from "node:http";
import { isTeamReason, type TeamReason } from "../contract/reasons.ts";
import { ROUTES, type RouteName } from "../contract/routes.ts";
import { errorMessage } from "../platform/error.ts";
import type { Access } from "./access.ts";
import { nameOf } from "./entrance.ts";
import type { Asked, Handlers } from "./handlers.ts";
import type { Report } from "./health.ts";
import { isLogin, login } from "./login.ts";
import type { Entrant } from "./members.ts";
import { lockedPage, type Page, PLAIN_HEADERS } from "./page.ts";
import { readQuery } from "./query.ts";
import { RATE, type Rates } from "./rate.ts";
import { json, Refusal, send, sendPage } from "./respond.ts";
import type { SignIn } from "./sign-in.ts";
import { whyNot } from "./team.ts";

export interface Backend {
  readonly access: Access;
  readonly rates: Rates;
  readonly health: Report;
  /** Answers for who has entered; for a stranger where there is a team that they may join. */
  handlersFor(entrant: Entrant): Handlers;
  /** How browsers sign in to a team; undefined while there is none. */
  signIn(): SignIn | undefined;
  readonly pages: ReadonlyMap<string, Page>;
  metrics(entrant: Entrant): Promise<string>;
  /** ms since 1970 */
  now(): number;
}

const HTML = "text/html; charset=utf-8";
const TOO_MANY = 429;
const METRICS = "text/plain; version=0.0.4; charset=utf-8";

export function requestHandler(backend: Backend): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    answer(backend, request, response).catch((error: unknown) => {
      const cause = errorMessage(error);
      const refusal = error instanceof Refusal ? error : new Refusal(500, { code: "internal", cause });
      if (response.headersSent) response.destroy();
      else {
        const { status, reason, message } = refusal;
        if (status === TOO_MANY) response.setHeader("retry-after", "1");
        if (reason.code === "bad_method") response.setHeader("allow", reason.expected);
        json(response, status, { error: { code: reason.code, message, ...(isTeamReason(reason) ? { reason } : {}) } });
      }
    });
  };
}

async function answer(backend: Backend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = urlOf(request.url ?? "/");
  const entrant = await enter(backend, request, url.pathname);
  if (isLogin(url.pathname)) await login(backend, url, request, response);
  else if (entrant) await answerEntrant(backend, entrant, url, request, response);
  else await answerStranger(backend, url, request, response);
}

/** Who asks; undefined for a stranger. Throws what a request is refused for, whoever asks. */
async function enter(
  { access, rates }: Backend,
  request: IncomingMessage,
  pathname: string,
): Promise<Entrant | undefined> {
  const { headers } = request;
  const refused = access.hostRefused(request);
  if (refused !== undefined)
    throw new Refusal(refused, { code: "bad_host", host: (request.headersDistinct["host"] ?? []).join(", ") });
  if (!access.originAllowed(headers) && !isLogin(pathname) && !isVisit(request, pathname))
    throw new Refusal(403, { code: "bad_origin" });
  const entrant = await access.letIn(request);
  if (entrant ? rates.user(nameOf(access, request)) : rates.stranger()) return entrant;
  throw new Refusal(TOO_MANY, { code: "too_many", perSecond: RATE });
}

/** What a stranger is told: that a monitor is here, and that it wants a token. To a team's they may show a code. */
async function answerStranger(
  { health, handlersFor, signIn }: Backend,
  { pathname }: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "GET" } = request;
  if (pathname === ROUTES.health.path) {
    needs(method, "GET");
    return json(response, 200, health.brief());
  }
  if (pathname === "/" && method === "GET")
    return send(response, 401, HTML, lockedPage(signIn()?.issuer), PLAIN_HEADERS);
  if (pathname === ROUTES.join.path && method === ROUTES.join.method)
    return handlersFor(NOBODY).join({ query: {}, id: "", entrant: NOBODY, request, response });
  response.setHeader("www-authenticate", 'Bearer realm="mpm"');
  throw new Refusal(401, { code: "no_token" });
}

/** Who joins is nobody yet. */
const NOBODY: Entrant = { role: "member" };

async function answerEntrant(
  { health, pages, handlersFor, metrics, now }: Backend,
  entrant: Entrant,
  { pathname, searchParams }: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "GET" } = request;
  const page = pages.get(pathname);
  if (page) {
    needs(method, "GET");
    return sendPage(request, response, page);
  }
  if (pathname === "/metrics") {
    needs(method, "GET");
    allow(whyNot(entrant, "admin"));
    return send(response, 200, METRICS, await metrics(entrant));
  }
  const { name, id } = routeOf(method, pathname);
  if (name === "health" && entrant.device) return json(response, 200, health.brief());
  allow(whyNot(entrant, ROUTES[name].team));
  await handle(handlersFor(entrant), name, { id, entrant, request, response }, searchParams, now());
}

function allow(refused: TeamReason | undefined): void {
  if (refused) throw new Refusal(403, refused);
}

/** A browser that comes to the page from elsewhere, by a link: it is given the page alone, and shown in no frame. */
const isVisit = ({ method, headers }: IncomingMessage, pathname: string): boolean =>
  pathname === "/" &&
  method === "GET" &&
  headers["sec-fetch-mode"] === "navigate" &&
  headers["sec-fetch-dest"] === "document";

async function handle<N extends RouteName>(
  handlers: Handlers,
  name: N,
  asked: Omit<Asked<N>, "query">,
  params: URLSearchParams,
  now: number,
): Promise<void> {
  const read = readQuery(name, params, now);
  if (!read.ok) throw new Refusal(400, read.reason);
  await handlers[name]({ ...asked, query: read.value });
}

const NAMES = Object.keys(ROUTES).filter((name): name is RouteName => Object.hasOwn(ROUTES, name));
/** Each route with the parts of its path; of those with the same path and method, the first is meant. */
const PARTS = NAMES.map((name) => ({ name, parts: ROUTES[name].path.split("/") }));

/** The route that is meant, and what stands in the place of its part that may be anything. */
function routeOf(method: string, pathname: string): { readonly name: RouteName; readonly id: string } {
  const given = pathname.split("/").map(decoded);
  const there = PARTS.filter(
    ({ parts }) =>
      parts.length === given.length && parts.every((part, index) => part.startsWith(":") || part === given[index]),
  );
  if (there.length === 0)
    throw new Refusal(404, { code: "not_found", what: pathname }, `there is nothing at ${pathname}`);
  const found = there.find(({ name }) => isMethod(method, ROUTES[name].method));
  if (!found) {
    const expected = [...new Set(there.map(({ name }) => ROUTES[name].method))].join(", ");
    throw new Refusal(405, { code: "bad_method", expected, received: method });
  }
  const { name, parts } = found;
  return { name, id: given[parts.findIndex((part) => part.startsWith(":"))] ?? "" };
}

const isMethod = (given: string, expected: string) => given === expected || (given === "HEAD" && expected === "GET");

function needs(method: string, expected: string): void {
  if (!isMethod(method, expected)) throw new Refusal(405, { code: "bad_method", expected, received: method });
}

const NOT_WELL_FORMED = "the path is not well-formed";

function urlOf(target: string): URL {
  const url = target.startsWith("/") ? URL.parse(`http://monitor${target}`) : null;
  if (url === null) throw new Refusal(400, { code: "not_found", what: "path" }, NOT_WELL_FORMED);
  return url;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(400, { code: "not_found", what: "path" }, NOT_WELL_FORMED);
  }
}
