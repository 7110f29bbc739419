// The reads that take long, by name: what the reader's thread answers.

import type { DatabaseSync } from "node:sqlite";
import type { FoundEnvelope, FoundRow } from "../../contract/routes.ts";
import type { Counted, Filter, Range, Span } from "../port.ts";
import { openEvents } from "./events.ts";
import { openProjects } from "./projects.ts";
import { statistics } from "./statistics.ts";

export interface Reads {
  rows(filter: Filter, range: Range): FoundRow[];
  envelopes(filter: Filter, range: Range): FoundEnvelope[];
  statistics(span: Span): Counted;
}

export function openReads(db: DatabaseSync): Reads {
  const projects = openProjects(db);
  const { rows, envelopes } = openEvents(db, projects);
  return { rows, envelopes, statistics: (span) => statistics(db, projects, span) };
}
