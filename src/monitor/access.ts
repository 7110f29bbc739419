// Who may talk to the monitor.
// - A token for everything but /health: a proof of it (services/proof.ts), Authorization: Bearer, auth.token of
//   Socket.IO, or a cookie.
// - The cookie is set by a link that works once, within a minute (codes.ts); only who has the token can ask for one. It opens
//   the monitor to this user's processes alone (peer.ts).
// - Host and Origin must be the monitor's own (origin.ts).
// - Of a team's monitor, also by a device's token or by the cookie of who has signed in.

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { DEVICE_TOKEN } from "../contract/team.ts";
import { endOf, newNonce, proofOf, sameProof } from "../services/proof.ts";
import { openCodes } from "./codes.ts";
import { type Entrant, type Members, OPERATOR } from "./members.ts";
import { type Origins, openOrigins } from "./origin.ts";
import { peerIsOurs } from "./peer.ts";

type Fields = Readonly<Record<string, unknown>>;

interface Client {
  readonly handshake: { readonly auth: Fields };
  readonly request: IncomingMessage;
}

export interface Access extends Origins {
  /** By the proof of its connection, Authorization or cookie. */
  mayEnter(request: IncomingMessage): boolean;
  /** Of a Socket.IO client: by the token of its handshake, or as `mayEnter`. */
  mayConnect(client: Client): boolean;
  /** Who asks; of a team also who was let in by another process a moment ago. Undefined: a stranger. */
  letIn(request: IncomingMessage): Promise<Entrant | undefined>;
  /** The same for a Socket.IO client. */
  letConnect(client: Client): Promise<Entrant | undefined>;
  /** Whether a request was let in by either of these. */
  hasEntered(request: IncomingMessage): boolean;
  /** Who asks by a request that was let in; undefined where it was not. */
  entrantOf(request: IncomingMessage): Entrant | undefined;
  /** Calls back for each request that is let in. */
  onAdmitted(listener: (request: IncomingMessage) => void): void;
  /** The monitor's part of a proof on this connection, and what takes the client's. */
  prove(
    clientNonce: string,
    socket: Socket,
  ): { readonly monitorNonce: string; readonly proof: string; accept(given: string): boolean };
  /** Whether the other end of the connection has proven that it holds the token of now. */
  isProven(socket: Socket): boolean;
  /** A code for /login, good once and for a minute. */
  newCode(): string;
  /** The Set-Cookie header for a code that is good; undefined otherwise. */
  redeem(code: string): string | undefined;
}

export interface AccessOptions {
  /** Read anew at every check, so that a rotated one counts at once. */
  readonly token: () => string;
  readonly port: () => number;
  /** The address that is listened on. */
  readonly host: string;
  /** The name of this machine. */
  readonly hostName: string;
  /** ms since 1970 */
  readonly now: () => number;
  /** Called when the token is another than at the last check: whoever came in by the old one has to go. */
  readonly onRotated: () => void;
  /** Of a store that may be a team's. */
  readonly members?: Members | undefined;
}

/** The cookie of who has signed in to a team. */
const TEAM_COOKIE = "mpm_team";

export function openAccess(options: AccessOptions): Access {
  const { token, port, now, onRotated, members } = options;
  const codes = openCodes(now);
  const origins = openOrigins({ ...options, teamUrl: () => members?.roster?.team.url });
  const cookieName = () => `mpm_${port()}`;
  const cookieValue = () => createHmac("sha256", current()).update("mpm cookie 1").digest("base64url");
  let last: string | undefined;

  const current = () => {
    const before = last;
    last = token();
    if (before !== undefined && before !== last) {
      codes.clear();
      onRotated();
    }
    return last;
  };
  const tokenIsRight = (given: unknown) => typeof given === "string" && same(given, current());
  /** By the token that each connection has proven. */
  const proven = new WeakMap<Socket, string>();
  const isProven = (socket: Socket) => {
    const by = proven.get(socket);
    return by !== undefined && same(by, current());
  };
  const entered = new WeakMap<IncomingMessage, Entrant>();
  const listeners: ((request: IncomingMessage) => void)[] = [];
  const admit = (request: IncomingMessage, entrant: Entrant | undefined) => {
    if (!entrant) return false;
    // A connection is of who was let in by it first: who shows a second name later does not outlive the first.
    if (!entered.has(request)) entered.set(request, entrant);
    for (const listener of listeners) listener(request);
    return true;
  };
  const byToken = (given: unknown): Entrant | undefined =>
    tokenIsRight(given) ? OPERATOR : typeof given === "string" ? members?.byToken(given) : undefined;
  const shows = ({ headers, socket }: IncomingMessage): Entrant | undefined => {
    const bearer = /^Bearer ([\x21-\x7e]+)$/.exec(headers.authorization ?? "")?.[1];
    if (bearer !== undefined) return byToken(bearer);
    if (isProven(socket)) return OPERATOR;
    // A page of another port can add cookies of our name, and longer paths come first: any that is right counts.
    const cookies = (headers.cookie ?? "").split(";").map((part) => part.trim());
    const given = (name: string) =>
      cookies.flatMap((part) => (part.startsWith(`${name}=`) ? part.slice(name.length + 1) : []));
    if (given(cookieName()).some((value) => same(value, cookieValue())) && peerIsOurs(socket)) return OPERATOR;
    for (const value of given(TEAM_COOKIE)) {
      const visitor = members?.byVisit(value);
      if (visitor) return visitor;
    }
    return undefined;
  };
  const mayEnter = (request: IncomingMessage) => admit(request, shows(request));
  const mayConnect = ({ handshake, request }: Client) =>
    admit(request, byToken(handshake.auth["token"])) || mayEnter(request);
  /** Whether it shows something that may be of the team. */
  const isOfTeam = ({ headers }: IncomingMessage, token: unknown) =>
    headers.authorization?.startsWith(`Bearer ${DEVICE_TOKEN}`) ||
    headers.cookie?.includes(`${TEAM_COOKIE}=`) ||
    (typeof token === "string" && token.startsWith(DEVICE_TOKEN));
  const eventually = async (request: IncomingMessage, token: unknown, tries: () => boolean) => {
    if (tries()) return entered.get(request);
    if (!members?.roster || !isOfTeam(request, token)) return undefined;
    await members.lookFor();
    return tries() ? entered.get(request) : undefined;
  };
  return {
    ...origins,
    mayEnter,
    mayConnect,
    letIn: (request) => eventually(request, undefined, () => mayEnter(request)),
    letConnect: (client) => eventually(client.request, client.handshake.auth["token"], () => mayConnect(client)),
    hasEntered: (request) => entered.has(request),
    entrantOf: (request) => entered.get(request),
    onAdmitted: (listener) => void listeners.push(listener),
    prove(clientNonce, socket) {
      const token = current();
      const exchange = { clientNonce, monitorNonce: newNonce(), address: endOf(socket.localAddress, socket.localPort) };
      return {
        monitorNonce: exchange.monitorNonce,
        proof: proofOf("monitor", token, exchange),
        accept(given) {
          const right = sameProof(given, proofOf("client", token, exchange));
          if (right) proven.set(socket, token);
          return right;
        },
      };
    },
    isProven,
    newCode() {
      current(); // what was made by the token of before goes first
      return codes.make();
    },
    redeem(code) {
      const value = cookieValue(); // the same
      if (!codes.take(code)) return undefined;
      return `${cookieName()}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000`;
    },
  };
}

/** The Set-Cookie header for who has signed in to a team that is reached at that address. */
export function visitCookie(visit: string, expiresInMs: number, url: string | undefined): string {
  const secure = url?.startsWith("https:") ? "; Secure" : "";
  // Lax: a browser that comes from elsewhere, back from the provider or by the link of an alert, is given the page, and by
  // `originAllowed` nothing else. Strict would leave it outside of what it has just signed in to.
  return `${TEAM_COOKIE}=${visit}; HttpOnly; SameSite=Lax; Path=/; Max-Age=${Math.floor(expiresInMs / 1000)}${secure}`;
}

/** Compares in a time that tells nothing of where they differ, nor how long the right one is. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
