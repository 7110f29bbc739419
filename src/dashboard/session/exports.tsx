// A session as a file: JSONL, one envelope a line, or one HTML page that needs nothing else.

import { useRef, useState } from "preact/hooks";
import type { StoredEnvelope } from "../../contract/envelope.ts";
import { ask } from "../api.ts";
import { plural } from "../model/format.ts";
import { htmlBegin, htmlEnd, htmlEvent } from "../model/page.ts";

const PAGE = 500;

type Format = "html" | "jsonl";

export function Exports({ session }: { session: string }) {
  const [progress, setProgress] = useState("");
  const running = useRef<AbortController>(undefined);
  const save = async (format: Format): Promise<void> => {
    running.current?.abort();
    running.current = new AbortController();
    const failure = await exportSession(session, format, running.current.signal, (count) =>
      setProgress(`${plural(count, "event")}…`),
    );
    setProgress(failure ?? "");
  };
  return (
    <>
      <span class="muted num" role="status">
        {progress}
      </span>
      <button type="button" class="button" data-key="e" onClick={() => void save("html")}>
        Export HTML
      </button>
      <button type="button" class="button" onClick={() => void save("jsonl")}>
        Export JSONL
      </button>
    </>
  );
}

/** Reads page by page into parts of a file, so that a long session is never one string. @returns why it failed */
async function exportSession(
  session: string,
  format: Format,
  signal: AbortSignal,
  tell: (count: number) => void,
): Promise<string | undefined> {
  const parts: Blob[] = format === "html" ? [new Blob([htmlBegin(session)])] : [];
  let after = 0;
  let count = 0;
  for (;;) {
    const params = new URLSearchParams({ session, after: String(after), limit: String(PAGE) });
    const page = await ask("events", { query: params, signal });
    if (signal.aborted) return "";
    if (!page.ok) return page.reason.message;
    const events = [...page.value.events].sort((a, b) => a.n - b.n);
    const text = events.map((event) =>
      format === "html" ? htmlEvent(event) : `${JSON.stringify(withoutCursor(event))}\n`,
    );
    parts.push(new Blob(text));
    count += events.length;
    tell(count);
    after = events.at(-1)?.n ?? after;
    if (events.length < PAGE) break;
  }
  if (format === "html") parts.push(new Blob([htmlEnd(count)]));
  const type = format === "html" ? "text/html" : "application/x-ndjson";
  download(new Blob(parts, { type }), `session-${fileName(session)}.${format}`);
  return undefined;
}

/** The envelope as it was sent: `n` is the store's own. */
function withoutCursor({ n: _, ...envelope }: StoredEnvelope): Partial<StoredEnvelope> {
  return envelope;
}

function fileName(session: string): string {
  return session.replace(/[^A-Za-z0-9-]/g, "_").slice(0, 36);
}

function download(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
