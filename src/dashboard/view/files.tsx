// Files: what was changed lately, in all sessions. The link says in which days and which project.

import type { ChangedFile } from "../../contract/changes.ts";
import { baseName } from "../../contract/project.ts";
import type { AnswerOf } from "../../contract/routes.ts";
import { useAnswer } from "../answer.ts";
import { ask } from "../api.ts";
import type { Kept } from "../asking.ts";
import { now } from "../clock.ts";
import { sessions, want } from "../live.ts";
import { DAYS, dayHeading, rangeOf } from "../model/days.ts";
import { plural } from "../model/format.ts";
import { sessionName } from "../model/name.ts";
import { FileRow } from "../part/changes.tsx";
import { Failed, Loading } from "../part/empty.tsx";
import { Choice, Filters, Suggested } from "../part/filters.tsx";
import { Marked } from "../part/text.tsx";
import { missesSome } from "../part/withheld.tsx";
import { projectNames, useProjects } from "../projects.ts";
import { linkTo, linkWith, replace, route } from "../route.ts";

const TYPING_PAUSE_MS = 150;
const MAX_FILES = 200;

export function FilesView() {
  const { params } = route.value;
  const days = params.get("days") ?? "";
  const project = params.get("project") ?? "";
  const open = params.get("open");
  const { value, error } = useChanges(days, project);
  const files = error ? undefined : value?.files;
  const projects = useProjects();
  const keyOf = ({ session = "", path }: ChangedFile) => `${session} ${path}`;
  return (
    <div class="files-view">
      <h1 class="hidden">Files</h1>
      <form class="files-form" onSubmit={(event) => event.preventDefault()}>
        <Filters count={[days, project].filter(Boolean).length}>
          <Choice
            label="When"
            value={days}
            any="Lately"
            options={DAYS}
            onChange={(value) => replace(linkWith({ days: value }))}
          />
          <Suggested
            id="files-project"
            label="Project"
            value={project}
            list={projectNames(projects)}
            onInput={(value) => replace(linkWith({ project: value }))}
          />
        </Filters>
      </form>
      {error ? <Failed message={error.message} /> : null}
      {files || error ? null : <Loading text="Reading the files…" />}
      {files ? (
        <p class="counts num" role="status">
          {plural(files.length, "file")}
          {files.length >= MAX_FILES ? ", the latest" : ""}
          {days || project ? (
            <a class="clear" href={linkTo("files")}>
              Clear filters
            </a>
          ) : null}
        </p>
      ) : null}
      {files?.length === 0 ? (
        <p class="empty">
          No tool edited a file{missesSome() ? ", or which is not shared" : ""}. What commands changed is not seen here.
        </p>
      ) : null}
      {[...Map.groupBy(files ?? [], ({ lastAt }) => dayHeading(lastAt, now.value))].map(([heading, of]) => (
        <section key={heading} class="files">
          <h2 class="day">{heading}</h2>
          <ul class="file-list">
            {of.map((file) => (
              <FileRow
                key={keyOf(file)}
                file={file}
                session={file.session ?? ""}
                root={file.project ?? ""}
                open={keyOf(file) === open}
                onToggle={() => replace(linkWith({ open: keyOf(file) === open ? undefined : keyOf(file) }))}
                about={<Where file={file} />}
              />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Where({ file: { session = "", project = "" } }: { file: ChangedFile }) {
  const known = sessions.value.get(session);
  return (
    <>
      <span>{baseName(project)}</span>
      <a href={linkTo("session", session, new URLSearchParams({ tab: "files" }))}>
        <Marked text={known ? sessionName(known) : `session ${session.slice(0, 8)}`} />
      </a>
    </>
  );
}

function useChanges(days: string, project: string): Kept<AnswerOf<"changes">> {
  const read = async (signal: AbortSignal) => {
    const { since, until } = rangeOf(days, Date.now());
    const query = new URLSearchParams({ limit: String(MAX_FILES) });
    if (since !== undefined) query.set("since", String(since));
    if (until !== undefined) query.set("until", String(until));
    if (project) query.set("project", project);
    const answer = await ask("changes", { query, signal });
    if (answer.ok) void want(answer.value.files.flatMap(({ session }) => session ?? []));
    return answer;
  };
  return useAnswer(`${days} ${project}`, read, { pauseMs: TYPING_PAUSE_MS });
}
