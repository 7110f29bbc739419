// How far an import of past sessions is.

import type { ImportStatus } from "../../contract/import.ts";
import { number, plural } from "../model/format.ts";

export function ImportProgress({ status: { progress } }: { status: ImportStatus }) {
  const read = progress?.bytes ?? 0;
  const all = progress?.of.bytes ?? 0;
  const sessions = (progress?.sessions.new ?? 0) + (progress?.sessions.known ?? 0);
  return (
    <>
      <strong>Importing…</strong>
      <p>
        <progress aria-label="Import" max={Math.max(all, 1)} value={read} />
      </p>
      <p class="num" role="status">
        {number(sessions)} of {plural(progress?.of.sessions ?? 0, "session")},{" "}
        {plural(progress?.events.added ?? 0, "event")}
      </p>
    </>
  );
}
