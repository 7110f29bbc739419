// A session as a file: a record to be read, as HTML that needs nothing else or as Markdown, or its envelopes, one a line.

import { useRef, useState } from "preact/hooks";
import type { SessionSummary } from "../../contract/session.ts";
import type { Format } from "../record/save.ts";

const FORMATS: readonly (readonly [Format, string])[] = [
  ["html", "HTML"],
  ["md", "Markdown"],
  ["jsonl", "JSONL"],
];

export function Exports({ session }: { session: SessionSummary }) {
  const [progress, setProgress] = useState("");
  const running = useRef<AbortController>(undefined);
  const save = async (format: Format): Promise<void> => {
    running.current?.abort();
    running.current = new AbortController();
    const { signal } = running.current;
    const { exportSession } = await import("../record/save.ts");
    const failure = await exportSession(session, format, signal, setProgress);
    if (!signal.aborted) setProgress(failure ?? "");
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields that are sent
    <div class="exports" role="group" aria-label="Export">
      <span class="muted num" role="status">
        {progress || "Export"}
      </span>
      {FORMATS.map(([format, name]) => (
        <button
          key={format}
          type="button"
          class="button is-quiet"
          aria-label={`Export ${name}`}
          title={`Export ${name}`}
          data-key={format === "html" ? "e" : undefined}
          onClick={() => void save(format)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
