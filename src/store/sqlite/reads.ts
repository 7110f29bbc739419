// The reads that take long, by name: what the reader's thread answers.

import type { DatabaseSync } from "node:sqlite";
import type { FoundEnvelope, FoundRow } from "../../contract/routes.ts";
import type { Filter, Range, Span } from "../port.ts";
import { openEvents } from "./events.ts";
import { openProjects } from "./projects.ts";
import { type Summed, statistics } from "./statistics.ts";

export interface Reads {
  rows(filter: Filter, range: Range): FoundRow[];
  envelopes(filter: Filter, range: Range): FoundEnvelope[];
  statistics(span: Span): Summed;
}

export function openReads(db: DatabaseSync): Reads {
  const projects = openProjects(db);
  const { rows, envelopes } = openEvents(db, projects);
  return {
    rows,
    envelopes,
    statistics(span) {
      db.exec("BEGIN"); // all of it as of one moment
      try {
        return statistics(db, projects, span);
      } finally {
        db.exec("COMMIT");
      }
    },
  };
}
