// The dashboard's static files, read once, and the headers that every answer carries.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { SIGN_IN_PATH } from "../contract/words.ts";
import { bundle } from "../platform/process.ts";

export interface Page {
  readonly type: string;
  readonly body: Buffer;
  /** Made when first asked for: a monitor starts with the first event, long before anyone looks. */
  readonly gzip: Buffer;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};

/** Nothing is loaded from anywhere else, no script or style stands in the page, nobody may frame it. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
};

/** The pages that stand before the dashboard: who is not let in yet gets no file of it, so their style stands in them. */
const STYLE = `:root { color-scheme: light dark; --bg: #f5f5f2; --text: #1b1d20; --line: #dddcd6; --accent: #1d5bb8; --on: #fff; }
@media (prefers-color-scheme: dark) { :root { --bg: #111315; --text: #e7e9ec; --line: #2f353b; --accent: #86b1ff; --on: #111315; } }
body { margin: 0; background: var(--bg); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 34rem; margin: 12vh auto; padding: 0 1.25rem; }
h1 { font-size: 1.4rem; line-height: 1.25; }
a { color: var(--accent); }
pre { padding: 0.6rem 0.8rem; border: 1px solid var(--line); border-radius: 0.5rem; }
pre, code { font-family: ui-monospace, monospace; }
button { min-height: 2.75rem; padding: 0 1.5rem; border: 0; border-radius: 0.5rem; background: var(--accent); color: var(--on); font: inherit; }`;

/** The headers of those pages: no other style counts. */
export const PLAIN_HEADERS: Readonly<Record<string, string>> = {
  ...SECURITY_HEADERS,
  "content-security-policy": `${SECURITY_HEADERS["content-security-policy"]}`.replace(
    "style-src 'self'",
    `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  ),
};

/** The built dashboard by URL path; empty when it has not been built. */
export function readPages(): ReadonlyMap<string, Page> {
  const dir = bundle("dashboard");
  const pages = new Map<string, Page>();
  if (!existsSync(dir)) return pages;
  for (const name of readdirSync(dir)) {
    const type = TYPES[name.split(".").at(-1) ?? ""];
    if (type) pages.set(name === "index.html" ? "/" : `/${name}`, pageOf(type, readFileSync(join(dir, name))));
  }
  return pages;
}

function pageOf(type: string, body: Buffer): Page {
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  let gzip: Buffer | undefined;
  return {
    type,
    body,
    get gzip() {
      gzip ??= gzipSync(body, { level: 9 });
      return gzip;
    },
    etag,
  };
}

/** What a browser without a cookie is shown; `issuer`: of the provider through which people of the team sign in. */
export const lockedPage = (issuer?: string): string =>
  page(
    "This browser has not been let in",
    `<p>The monitor shows prompts, commands and files, so it asks who is there.${
      issuer === undefined
        ? ""
        : ` <a href="${SIGN_IN_PATH}">Sign in through ${escaped(URL.parse(issuer)?.host ?? "your organisation")}</a>, or`
    } ${issuer === undefined ? "In" : "in"} a terminal, run</p>
<pre>mpm monitor open</pre>
<p>or, of a team,</p>
<pre>mpm team open</pre>
<p>It opens this page with a link that works once.</p>`,
  );

/** What the link of a team shows: looking at it uses nothing up. */
export const signInPage = (team: string, code: string): string =>
  page(
    `Sign in to ${team}`,
    `<p>This link works once. It lets this browser in for 30 days.</p>
<form method="post" action="/login"><input type="hidden" name="code" value="${escaped(code)}"><button autofocus>Sign in</button></form>`,
  );

/** Why somebody could not sign in; `again`: where they may try it again. */
export const refusedPage = (why: string, advice: string, again: string): string =>
  page(
    "You are not signed in",
    `<p>${escaped(`${why.charAt(0).toUpperCase()}${why.slice(1)}. ${advice}`).replace(/`([^`]+)`/g, "<code>$1</code>")}</p>
<p><a href="${escaped(again)}">Try again</a></p>`,
  );

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escaped(title)}</h1>
${body}</main></body></html>
`;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

/** What a browser is shown whose cookies for this address are too many to be read; the answer clears them. */
export const CROWDED_PAGE = page(
  "Too many cookies for this address",
  `<p>Programs on this address have set so many cookies that the monitor could not read the request. They have been cleared.</p>
<p>To be let in again, run</p>
<pre>mpm monitor open</pre>`,
);
