// A session as a file: a record to be read, as HTML that needs nothing else or as Markdown, or its envelopes, one a line.

import { useRef, useState } from "preact/hooks";
import type { SessionSummary } from "../../contract/session.ts";
import type { Format } from "../record/save.ts";

const FORMATS: readonly (readonly [Format, string])[] = [
  ["html", "HTML"],
  ["md", "Markdown"],
  ["jsonl", "JSONL"],
];

const NOT_LOADED = "Export could not be loaded: load the page again";

export function Exports({ session }: { session: SessionSummary }) {
  const [progress, setProgress] = useState("");
  const running = useRef<AbortController>(undefined);
  const save = async (format: Format): Promise<void> => {
    running.current?.abort();
    running.current = new AbortController();
    const { signal } = running.current;
    // The monitor may be away, or another version by now.
    const code = await import("../record/save.ts").catch(() => undefined);
    const failure = code ? await code.exportSession(session, format, signal, setProgress) : NOT_LOADED;
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
