// The files that a session changed: which one is open stands in the link.

import { useAnswer } from "../answer.ts";
import { ask } from "../api.ts";
import { now } from "../clock.ts";
import { moment, number, plural } from "../model/format.ts";
import { FileRow } from "../part/changes.tsx";
import { Failed, Loading } from "../part/empty.tsx";
import { linkWith, replace, route } from "../route.ts";
import type { TabProps } from "./tab.ts";

/** While events come, files are read again this often. */
const AGAIN_AFTER_MS = 1500;

export function FilesTab({ id, summary }: TabProps) {
  const { value, error } = useAnswer(id, (signal) => ask("files", { parts: { id }, signal }), {
    rows: { afterMs: AGAIN_AFTER_MS, change: ({ session, event }) => session === id && event === "PostToolUse" },
  });
  const { params } = route.value;
  const turn = Number(params.get("turn"));
  const open = params.get("path");
  if (error && !value) return <Failed message={error.message} />;
  if (!value) return <Loading text="Reading the files…" />;
  const { files, since } = value;
  const shown = turn > 0 ? files.filter(({ turns }) => turns.includes(turn)) : files;
  const sum = (of: "added" | "removed") => number(shown.reduce((all, file) => all + file[of], 0));
  return (
    <section class="files" aria-label="Files">
      <p class="counts num" hidden={shown.length === 0 && summary?.shared !== undefined}>
        {plural(shown.length, "file")} changed{turn > 0 ? ` in turn ${turn}` : ""}
        {summary?.shared ? "" : `, +${sum("added")} −${sum("removed")}`}
        {turn > 0 ? (
          <a class="clear" href={linkWith({ turn: undefined })}>
            of the whole session
          </a>
        ) : null}
      </p>
      {since === undefined ? null : (
        <p class="counts muted">Only the latest edits, from {moment(since, now.value)} on: there are more.</p>
      )}
      {shown.length === 0 ? (
        <p class="empty">
          {summary?.shared
            ? "Which files were changed is not shared."
            : "No tool edited a file. What commands changed is not seen here."}
        </p>
      ) : (
        <ul class="file-list">
          {shown.map((file) => (
            <FileRow
              key={file.path}
              file={file}
              session={id}
              root={summary?.project ?? ""}
              open={file.path === open}
              onToggle={() => replace(linkWith({ path: file.path === open ? undefined : file.path }))}
            />
          ))}
        </ul>
      )}
    </section>
  );
}
