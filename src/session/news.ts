// What Claude Code says in the place of a prompt when a task in the background has news: nobody has typed it.
// Source of the form: prompts of host 2.1.330.

const BEGIN = "<task-notification>";
const SUMMARY = ["<summary>", "</summary>"] as const;
const RESULT = ["<result>", "</result>"] as const;

/** Whether a prompt, or the beginning of one, is news of a task. */
export const isTaskNews = (prompt: string): boolean => prompt.startsWith(BEGIN);

/** A prompt as people read it: of news of a task the summary, and the result where there is one. */
export function promptText(prompt: string): string {
  if (!isTaskNews(prompt)) return prompt;
  const parts = [between(prompt, SUMMARY), between(prompt, RESULT)].filter((part) => part !== "");
  return parts.join("\n\n") || "news of a background task";
}

/** What stands in an element; to the end of the text where that was cut. */
function between(text: string, [begin, end]: readonly [string, string]): string {
  const from = text.indexOf(begin);
  if (from < 0) return "";
  const to = text.indexOf(end, from);
  return text.slice(from + begin.length, to < 0 ? undefined : to).trim();
}
