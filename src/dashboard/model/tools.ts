// How each tool's call reads. One row a tool; a tool that is not here is shown by its fields.

import { type Block, code, contentText, facts, type Item, list, prose, record, words } from "./blocks.ts";
import { diffLines, patchLines } from "./diff.ts";
import { own } from "./own.ts";

type Fields = Record<string, unknown>;
type Reader = (input: Fields, response: unknown) => Block[];

const TODO_STATES: Record<string, Item["state"]> = { completed: "done", in_progress: "doing", pending: "open" };

const READERS: Record<string, Reader> = {
  Bash: shell,
  PowerShell: shell,
  Edit: (input, response) => edit(input, record(response)),
  MultiEdit: (input, response) => [
    ...facts(["file", input["file_path"]]),
    ...list(input["edits"]).flatMap((one) => edit({ ...record(one), file_path: "" }, {})),
    ...edit({ file_path: "" }, record(response)),
  ],
  Write: (input, response) => {
    const patch = patchLines(record(response)["structuredPatch"]);
    const title = words(input["file_path"]);
    return patch.length > 0
      ? [{ kind: "diff", title, lines: patch }]
      : code(title, input["content"] ?? record(response)["content"], { firstLine: 1 });
  },
  Read: (input, response) => {
    const file = record(record(response)["file"]);
    const type = words(record(response)["type"]);
    const lines = file["numLines"] === undefined ? "" : `${words(file["numLines"])} of ${words(file["totalLines"])}`;
    return [
      ...facts(
        ["file", input["file_path"]],
        ["from line", input["offset"]],
        ["lines asked for", input["limit"]],
        ["lines", lines],
        ["type", type === "text" ? "" : type.replaceAll("_", " ")],
        ["pages", input["pages"]],
      ),
      ...code("content", typeof file["content"] === "string" ? file["content"] : undefined, {
        firstLine: Number(file["startLine"]) || Number(input["offset"]) || 1,
      }),
    ];
  },
  NotebookEdit: (input, response) => [
    ...facts(["notebook", input["notebook_path"]], ["cell", input["cell_id"]], ["mode", input["edit_mode"]]),
    {
      kind: "diff",
      title: "cell",
      lines: diffLines(words(record(response)["old_source"]), words(input["new_source"])),
    },
  ],
  Glob: (input, response) => [
    ...facts(["pattern", input["pattern"]], ["in", input["path"]], ["found", record(response)["numFiles"]]),
    ...files(record(response)["filenames"]),
  ],
  Grep: (input, response) => {
    const answer = record(response);
    return [
      ...facts(
        ["pattern", input["pattern"]],
        ["in", input["path"]],
        ["files", input["glob"] ?? input["type"]],
        ["found", answer["numMatches"] ?? answer["numLines"] ?? answer["numFiles"]],
      ),
      ...code("matches", answer["content"]),
      ...files(answer["filenames"]),
    ];
  },
  WebFetch: (input, response) => [
    ...facts(["address", input["url"]], ["status", record(response)["code"]], ["bytes", record(response)["bytes"]]),
    ...prose("asked", input["prompt"]),
    ...prose("answer", record(response)["result"]),
  ],
  WebSearch: (input, response) => [
    ...facts(["searched for", input["query"]], ["only", input["allowed_domains"]], ["not", input["blocked_domains"]]),
    ...webResults(record(response)["results"]),
  ],
  Agent: agent,
  Task: agent,
  TodoWrite: (input, response) => todos(input["todos"] ?? record(response)["newTodos"]),
  TaskCreate: (input, response) => [
    ...facts(["task", record(record(response)["task"])["id"]], ["subject", input["subject"]]),
    ...prose("description", input["description"]),
  ],
  TaskUpdate: (input, response) => {
    const change = record(record(response)["statusChange"]);
    const moved = change["from"] ? `${words(change["from"])} → ${words(change["to"])}` : input["status"];
    return [
      ...facts(["task", input["taskId"]], ["status", moved], ["subject", input["subject"]], ["owner", input["owner"]]),
      ...prose("description", input["description"]),
    ];
  },
  AskUserQuestion: (input, response) => questions(input, record(response)),
  ExitPlanMode: (input, response) => prose("plan", record(response)["plan"] ?? input["plan"]),
};

function shell(input: Fields, response: unknown): Block[] {
  const answer = record(response);
  return [
    ...prose("", input["description"]),
    ...code("command", input["command"], { prompt: true }),
    ...facts(
      ["in the background as", answer["backgroundTaskId"]],
      ["timed out after (ms)", answer["timedOutAfterMs"]],
      ["meaning", answer["returnCodeInterpretation"]],
      ["without sandbox", input["dangerouslyDisableSandbox"]],
    ),
    ...(answer["interrupted"] === true ? [{ kind: "note" as const, tone: "bad" as const, text: "interrupted" }] : []),
    ...code("output", answer["stdout"]),
    ...code("errors", answer["stderr"], { tone: "bad" }),
  ];
}

function edit(input: Fields, answer: Fields): Block[] {
  const title = words(input["file_path"] || answer["filePath"]);
  const patch = patchLines(answer["structuredPatch"]);
  const lines = patch.length > 0 ? patch : diffLines(words(input["old_string"]), words(input["new_string"]));
  if (lines.length === 0) return [];
  return [
    { kind: "diff", title, lines },
    ...facts(["every occurrence", input["replace_all"] || ""], ["changed by the user", answer["userModified"] || ""]),
  ];
}

function agent(input: Fields, response: unknown): Block[] {
  const answer = record(response);
  return [
    ...facts(
      ["agent", input["subagent_type"] ?? answer["agentType"]],
      ["task", input["description"]],
      ["status", words(answer["status"]).replaceAll("_", " ")],
      ["model", answer["resolvedModel"] ?? input["model"]],
      ["tool calls", answer["totalToolUseCount"]],
      ["isolation", input["isolation"]],
      ["worktree", answer["worktreePath"]],
      ["id", answer["agentId"]],
    ),
    ...prose("prompt", input["prompt"]),
    ...prose("answer", contentText(answer["content"])),
  ];
}

function todos(value: unknown): Block[] {
  const items = list(value).map((todo): Item => {
    const { content, status, activeForm } = record(todo);
    const state = own(TODO_STATES, words(status)) ?? "none";
    return { state, text: words(state === "doing" ? (activeForm ?? content) : content) };
  });
  return items.length > 0 ? [{ kind: "list", title: "to do", items }] : [];
}

function questions(input: Fields, answer: Fields): Block[] {
  const answers = record(answer["answers"] ?? input["answers"]);
  return list(answer["questions"] ?? input["questions"]).flatMap((entry): Block[] => {
    const { question, options } = record(entry);
    const chosen = words(answers[words(question)]);
    const items = list(options).map((option): Item => {
      const { label, description } = record(option);
      const state = chosen !== "" && chosen.split(", ").includes(words(label)) ? "done" : "open";
      return { state, text: words(label), about: words(description) };
    });
    return [{ kind: "list", title: words(question), items }, ...facts(["answer", chosen])];
  });
}

function files(value: unknown): Block[] {
  const items = list(value).map((name): Item => ({ state: "none", text: words(name) }));
  return items.length > 0 ? [{ kind: "list", title: "files", items }] : [];
}

function webResults(value: unknown): Block[] {
  return list(value).flatMap((result): Block[] => {
    if (typeof result === "string") return prose("", result);
    const items = list(record(result)["content"]).map((hit): Item => {
      const { title, url } = record(hit);
      return { state: "none", text: words(title), about: words(url) };
    });
    return items.length > 0 ? [{ kind: "list", title: "results", items }] : [];
  });
}

/** A call of any tool: by its row above, else by its fields. */
export function toolBlocks(tool: string, input: unknown, response: unknown): Block[] {
  const reader = own(READERS, tool);
  if (reader) return reader(record(input), response);
  const fields = Object.entries(record(input));
  const short = fields.filter(([, value]) => typeof value !== "object" && words(value).length <= 120);
  const long = fields.filter((field) => !short.includes(field));
  return [
    ...facts(...short),
    ...long.flatMap(([name, value]) => code(name, value)),
    ...(response === undefined ? [] : code("answer", contentText(response))),
  ];
}
