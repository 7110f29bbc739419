// What each kind of service wants to be sent: bodies by POST, signed where there is a secret.
// - Texts of sessions are untrusted: they stand in JSON, and what a service would read as markup is escaped.
// Sources: the services' own documentation of incoming webhooks (Slack, Discord) and of publishing as JSON (ntfy).

import { createHmac } from "node:crypto";
import type { Alert } from "../contract/alerts.ts";
import type { Channel } from "./setup.ts";

export interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One message for one or several alerts. */
export interface Message {
  /** Of the alert; of several, made from theirs. */
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** Where it can be looked at; absent while no page can be reached. */
  readonly url: string | undefined;
  readonly at: number;
  readonly alerts: readonly Alert[];
}

const DISCORD_CHARS = 2000;
const SLACK_CHARS = 3000;
const NTFY_CHARS = 4000;

/** The request that brings a message to a channel; undefined for one that has no address. */
export function requestFor(channel: Channel, message: Message): Request | undefined {
  const { url } = channel;
  if (url === undefined) return undefined;
  switch (channel.type) {
    case "webhook": {
      const body = webhookBody(message);
      return body && signed(url, body, channel.secret, message.id);
    }
    case "slack":
      return plain(url, { text: slackText(message) });
    case "discord":
      return plain(url, { content: discordText(message), allowed_mentions: { parse: [] } });
    case "ntfy":
      return ntfy(url, message, channel.secret);
    case "desktop":
      return undefined;
  }
}

/** Of one alert: a program reads it. */
function webhookBody({ url, alerts: [alert] }: Message): object | undefined {
  return (
    alert && {
      id: alert.id,
      when: alert.when,
      session_id: alert.session ?? null,
      project: alert.project ?? null,
      at: new Date(alert.at).toISOString(),
      text: alert.text,
      ...(alert.content === undefined ? {} : { content: alert.content }),
      url: url ?? null,
    }
  );
}

function json(url: string, body: object, headers: Readonly<Record<string, string>>): Request {
  const bytes = Buffer.from(JSON.stringify(body));
  return { url, body: bytes, headers: { "content-type": "application/json", "user-agent": "mpm-hook", ...headers } };
}

const plain = (url: string, body: object): Request => json(url, body, {});

/** With the signature of the very bytes that are sent; a receiver computes it again with the secret that it shares. */
function signed(url: string, body: object, secret: string | undefined, id: string): Request {
  const request = json(url, body, { "x-mpm-id": id });
  if (secret === undefined) return request;
  const digest = createHmac("sha256", secret).update(request.body).digest("hex");
  return { ...request, headers: { ...request.headers, "x-mpm-signature": `sha256=${digest}` } };
}

/** Title and text in one line; most texts begin with their project, which is their title. */
const line = ({ title, text }: Message): string => (text.startsWith(`${title} `) ? text : `${title}: ${text}`);

/** Discord reads Markdown, in which a text could be a link to elsewhere. */
function discordText(message: Message): string {
  const link = message.url === undefined ? "" : `\n${message.url}`;
  return cut(line(message).replace(/[\\`*_~|<>[\]#]/g, "\\$&"), DISCORD_CHARS - link.length) + link;
}

function slackText(message: Message): string {
  const { url } = message;
  const safe = cut(line(message), SLACK_CHARS).replace(/[&<>]/g, (sign) => SLACK_ENTITIES[sign] ?? sign);
  return url === undefined ? safe : `${safe}\n<${url}|open>`;
}
const SLACK_ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** The address of a topic is split: messages in JSON go to the server itself. */
function ntfy(address: string, { title, text, url }: Message, secret: string | undefined): Request {
  const topic = new URL(address);
  const name = topic.pathname.split("/").findLast(Boolean) ?? "";
  topic.pathname = topic.pathname.slice(0, topic.pathname.lastIndexOf(name)) || "/";
  const body = { topic: name, title, message: cut(text, NTFY_CHARS), ...(url === undefined ? {} : { click: url }) };
  return json(topic.href, body, secret === undefined ? {} : { authorization: `Bearer ${secret}` });
}

/** A character of two halves is not cut in two: services refuse what is no text. */
const cut = (text: string, most: number): string =>
  (text.length > most ? `${text.slice(0, most - 1)}…` : text).toWellFormed();
