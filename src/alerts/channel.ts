// A channel: brings a message to where the settings say, once, and says what became of it.

import type { Alert } from "../contract/alerts.ts";
import { textOf } from "../contract/texts.ts";
import { openPoster, originOf } from "../platform/post.ts";
import { printable } from "../platform/text.ts";
import { type Message, requestFor } from "./bodies.ts";
import { desktopTrouble, notification, show } from "./desktop.ts";
import { idOf } from "./rules.ts";
import type { Channel as Settings } from "./setup.ts";

export type Sent =
  | { readonly kind: "delivered" }
  /** Nobody took it: it is sent again, after so long where the other side says so. */
  | { readonly kind: "again"; readonly trouble: string; readonly afterMs?: number }
  /** It will never be taken. */
  | { readonly kind: "refused"; readonly trouble: string };

export interface Channel {
  readonly settings: Settings;
  /** What it needs and has not here, in words. */
  readonly trouble: string | undefined;
  send(message: Message, signal: AbortSignal): Promise<Sent>;
  close(): void;
}

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  /** ms since 1970 */
  readonly now: () => number;
}

const TIMEOUT_MS = 10_000;
/** Request Timeout, Too Early and Too Many Requests: the same may be taken later. */
const AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

export function openChannel(settings: Settings, around: Surroundings): Channel {
  return settings.type === "desktop" ? desktopChannel(settings, around) : postChannel(settings, around);
}

function desktopChannel(settings: Settings, { platform, env }: Surroundings): Channel {
  return {
    settings,
    trouble: desktopTrouble(platform, env),
    async send({ title, text }, signal) {
      const trouble = await show(notification(platform, title, text), env, signal);
      return trouble === undefined ? { kind: "delivered" } : { kind: "refused", trouble };
    },
    close: () => {},
  };
}

function postChannel(given: Settings, { env, now }: Surroundings): Channel {
  const secret = secretOf(given, env);
  const settings = secret === undefined ? given : { ...given, secret };
  const trouble =
    given.secret !== undefined && secret === undefined ? `the variable of its secret is not set` : undefined;
  const { url = "" } = settings;
  let target = "";
  let poster: ReturnType<typeof openPoster> | undefined;
  const posterFor = (address: string) => {
    if (target !== address) poster?.close();
    if (target !== address || !poster)
      poster = openPoster({ url: address, shown: originOf(url), timeoutMs: TIMEOUT_MS, now });
    target = address;
    return poster;
  };
  return {
    settings,
    trouble,
    async send(message, signal) {
      if (trouble !== undefined) return { kind: "again", trouble };
      const request = requestFor(settings, message);
      if (!request) return { kind: "refused", trouble: "it has no address" };
      const posted = await posterFor(request.url).post(request.body, request.headers, signal);
      if (posted.kind === "unanswered") return { kind: "again", trouble: textOf(posted.reason) };
      const { status, afterMs } = posted;
      if (status >= 200 && status < 300) return { kind: "delivered" };
      const said = `${originOf(url)} answered with status ${status}`;
      if (status < 500 && !AGAIN.has(status)) return { kind: "refused", trouble: said };
      return { kind: "again", trouble: said, ...(afterMs === undefined ? {} : { afterMs }) };
    },
    close: () => poster?.close(),
  };
}

const VARIABLE = /^env:([A-Za-z_]\w*)$/;

/** The secret itself; `env:NAME` stands for a variable, undefined where that is not set. */
function secretOf({ secret }: Settings, env: NodeJS.ProcessEnv): string | undefined {
  const [, variable] = VARIABLE.exec(secret ?? "") ?? [];
  return variable === undefined ? secret : env[variable] || undefined;
}

const CONTENT_CHARS = 500;

/** One message for the alerts, `page` being the address of the dashboard; nothing in it turns or hides the text around it. */
export function messageFor(alerts: readonly Alert[], page: string | undefined): Message | undefined {
  const [only, ...more] = alerts;
  if (!only) return undefined;
  const sessions = new Set(alerts.map(({ session }) => session));
  const [session] = sessions.size === 1 ? sessions : [];
  const url = page === undefined ? undefined : `${page}/#/${session ? `session/${encodeURIComponent(session)}` : ""}`;
  const at = Math.max(...alerts.map((alert) => alert.at));
  const line = ({ text, content }: Alert) =>
    content === undefined ? text : `${text} ${content.slice(0, CONTENT_CHARS)}`;
  const text = printable(alerts.map(line).join("\n"));
  if (more.length === 0) return { id: only.id, title: printable(only.project ?? "mpm"), text, url, at, alerts };
  return { id: idOf("group", ...alerts.map(({ id }) => id)), title: `${alerts.length} alerts`, text, url, at, alerts };
}

/** The alert by which a channel is tried out. */
export function testAlert(now: number): Alert {
  return { id: idOf("test", now), when: "test", at: now, text: "This is how an alert of mpm looks here." };
}
