// Who may talk to the monitor.
// - A token for everything but /health: Authorization: Bearer, auth.token of Socket.IO, or a cookie.
// - The cookie is set by a link that works once, within a minute; only who has the token can ask for one.
// - Host must name this machine (DNS rebinding); Origin, where a browser sends one, must be the monitor's own.

import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

const CODE_LIFE_MS = 60_000;
const MAX_CODES = 20;

export interface Access {
  /** Whether Host names an address of this monitor. */
  hostAllowed(headers: IncomingHttpHeaders): boolean;
  /** Whether no other site's page is behind the request. */
  originAllowed(headers: IncomingHttpHeaders): boolean;
  /** By Authorization or cookie. */
  mayEnter(headers: IncomingHttpHeaders): boolean;
  tokenIsRight(token: unknown): boolean;
  /** A code for /login, good once and for a minute. */
  newCode(): string;
  /** The Set-Cookie header for a code that is good; undefined otherwise. */
  redeem(code: string): string | undefined;
}

/**
 * @param token read anew at every check, so that a rotated one counts at once
 * @param names host names beside loopback that the monitor is reached by
 */
export function openAccess(
  token: () => string,
  port: () => number,
  names: readonly string[],
  now: () => number,
): Access {
  const codes = new Map<string, number>();
  const cookieName = () => `mpm_${port()}`;
  const cookieValue = () => createHmac("sha256", token()).update("mpm cookie 1").digest("base64url");
  const allowed = new Set(["127.0.0.1", "localhost", "[::1]", ...names.map((name) => name.toLowerCase())]);

  const tokenIsRight = (given: unknown) => typeof given === "string" && same(given, token());
  return {
    hostAllowed({ host }) {
      if (host === undefined) return false;
      const name = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host.toLowerCase())?.[1];
      return name !== undefined && allowed.has(name);
    },
    originAllowed(headers) {
      const { origin, host } = headers;
      if (headers["sec-fetch-site"] === "cross-site") return false;
      return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
    },
    mayEnter(headers) {
      const bearer = /^Bearer ([\x21-\x7e]+)$/.exec(headers.authorization ?? "")?.[1];
      if (bearer !== undefined) return tokenIsRight(bearer);
      const cookie = (headers.cookie ?? "").split(";").find((part) => part.trim().startsWith(`${cookieName()}=`));
      return cookie !== undefined && same(cookie.trim().slice(cookieName().length + 1), cookieValue());
    },
    tokenIsRight,
    newCode() {
      const code = randomBytes(18).toString("base64url");
      codes.set(code, now() + CODE_LIFE_MS);
      for (const old of [...codes.keys()].slice(0, Math.max(0, codes.size - MAX_CODES))) codes.delete(old);
      return code;
    },
    redeem(code) {
      const until = codes.get(code);
      codes.delete(code);
      if (until === undefined || until < now()) return undefined;
      return `${cookieName()}=${cookieValue()}; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000`;
    },
  };
}

/** Compares in a time that tells nothing of where they differ, nor how long the right one is. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
