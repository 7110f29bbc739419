// Asks the monitor for what is stored. Apart from ask.ts, as the schemas of these answers take longer to make than
// `mpm status` takes for all it does.

import { Forgotten } from "../contract/forget.ts";
import { type ImportRequest, ImportStatus } from "../contract/import.ts";
import { EventsPage, RowsPage, SessionsPage } from "../contract/routes.ts";
import { Statistics } from "../contract/statistics.ts";
import { ask, type Query, send, sendRemoval } from "./ask.ts";
import type { Io } from "./terminal.ts";

/** A search that takes longer is answered as far as it came. */
const SEARCH_MS = 1500;
const bounded = (query: Query): Query => (query["q"] === undefined ? query : { ...query, withinMs: SEARCH_MS });

export const askEvents = (io: Io, query: Query) => ask(io, "/api/events", bounded(query), EventsPage);
export const askRows = (io: Io, query: Query) => ask(io, "/api/events", { ...bounded(query), view: "rows" }, RowsPage);
export const askSessions = (io: Io, query: Query) => ask(io, "/api/sessions", query, SessionsPage);

/** Years of a large store are counted in many seconds. */
const STATISTICS_WITHIN_MS = 60_000;

export const askStatistics = (io: Io, query: Query) => ask(io, "/api/stats", query, Statistics, STATISTICS_WITHIN_MS);
export const askImport = (io: Io) => ask(io, "/api/import", {}, ImportStatus);

/** Starts an import. */
export const startImport = (io: Io, request: ImportRequest) => send(io, "/api/import", request, ImportStatus);

/** Has what the query names removed for good, or counted. */
export const askForget = (io: Io, query: Query) => sendRemoval(io, "/api/forget", query, Forgotten);
