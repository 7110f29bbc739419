// Asks the monitor's API, and reads its answers by the contract.

import * as z from "zod/mini";
import { failed, type Result } from "../contract/result.ts";
import { EventsPage, RowsPage, SessionsPage } from "../contract/routes.ts";
import { adviceFor, textOf } from "../contract/texts.ts";
import { type ClientReason, get, monitorUrl } from "../services/client.ts";
import type { Io } from "./terminal.ts";

export type Asked<T> = Result<T, ClientReason>;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export const askEvents = (io: Io, query: Query) => ask(io, "/api/events", query, EventsPage);
export const askRows = (io: Io, query: Query) => ask(io, "/api/events", { ...query, view: "rows" }, RowsPage);
export const askSessions = (io: Io, query: Query) => ask(io, "/api/sessions", query, SessionsPage);

async function ask<S extends z.core.$ZodType>(
  io: Io,
  path: string,
  query: Query,
  schema: S,
): Promise<Asked<z.infer<S>>> {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  const answer = await get(io.config, `${path}?${new URLSearchParams(given)}`, io.signal);
  if (!answer.ok) return answer;
  const read = z.safeParse(schema, answer.value);
  if (read.success) return { ok: true, value: read.data };
  return failed({ code: "unreadable_answer", url: monitorUrl(io.config) ?? "" });
}

/** What happened and what to do, in sentences. */
export const explained = (reason: ClientReason): string => `${textOf(reason)}. ${adviceFor(reason)}`;
