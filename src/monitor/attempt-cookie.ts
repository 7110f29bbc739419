// What a browser keeps of a sign-in through a provider until it comes back: a cookie for the pages of the sign-in alone.

import { Attempt } from "../team/attempt.ts";
import { ATTEMPT_MS } from "./sign-in.ts";

const COOKIE = "mpm_sign_in";
const MAX_CHARS = 2000;
/** Lax: it is the provider's site that sends the browser back. */
const WHERE = "HttpOnly; SameSite=Lax; Path=/login";

/** The Set-Cookie header; `base`: where the monitor is reached. */
export function attemptCookie(attempt: Attempt, base: string | undefined): string {
  const value = Buffer.from(JSON.stringify(attempt)).toString("base64url");
  const secure = base?.startsWith("https:") ? "; Secure" : "";
  return `${COOKIE}=${value}; ${WHERE}; Max-Age=${ATTEMPT_MS / 1000}${secure}`;
}

export const NO_ATTEMPT = `${COOKIE}=; ${WHERE}; Max-Age=0`;

/** All that a Cookie header holds: programs on other ports of the same address may have set more. */
export function attemptsIn(cookies = ""): readonly Attempt[] {
  return cookies.split(";").flatMap((part) => {
    const [name, value = ""] = part.trim().split("=");
    if (name !== COOKIE || value.length > MAX_CHARS) return [];
    const read = Attempt.safeParse(jsonIn(value));
    return read.success ? [read.data] : [];
  });
}

function jsonIn(value: string): unknown {
  try {
    return JSON.parse(Buffer.from(value, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
