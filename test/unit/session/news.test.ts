// News of tasks in the background, which stand in the place of a prompt.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isTaskNews, promptText } from "../../../src/session/news.ts";

const NEWS = `<task-notification>
<task-id>a1</task-id>
<output-file>/tmp/tasks/a1.output</output-file>
<status>completed</status>
<summary>Agent "count files" finished</summary>
<result>There are **3** files.</result>
<usage><tool_uses>1</tool_uses></usage>
</task-notification>`;

test("news of a task are read as their summary and their result; a prompt is read as it was typed", () => {
  assert.ok(isTaskNews(NEWS));
  assert.equal(promptText(NEWS), 'Agent "count files" finished\n\nThere are **3** files.');
  assert.equal(promptText(NEWS.slice(0, NEWS.indexOf(" finished"))), 'Agent "count files"', "what is cut ends there");
  assert.equal(promptText(NEWS.slice(0, 40)), "news of a background task");
  const typed = "What is a <summary>x</summary>?";
  assert.deepEqual([isTaskNews(typed), promptText(typed)], [false, typed]);
});
