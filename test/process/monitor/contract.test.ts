// The API and its contract: each route answers what its schema says, and docs/api.md names all of it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type AnswerOf, pathOf, ROUTES, type RouteName } from "../../../src/contract/routes.ts";
import { MATCH_CLOSE, MATCH_OPEN } from "../../../src/store/words.ts";
import { Story } from "../../browser/story.ts";
import { ROOT } from "../../world.ts";
import { runMonitor } from "../trust/monitor.ts";

const SESSION = "5e551011-0000-4000-8000-000000000001";

test("every route that is read answers what its schema says", async (t) => {
  const monitor = await runMonitor(t);
  const start = Date.now() - 60_000;
  const story = new Story({ session: SESSION, project: "/home/dana/code/tidepool", start });
  story.begin().wait(100).prompt("Mend the gauge").wait(100).bash("npm test", "9 passed").stop("Mended.");
  story.wait(100).prompt("And the reef");
  await monitor.store(...story.events);
  await monitor.store(...new Story({ session: "other", project: "/home/dana/code/reef", start }).begin().events);

  const ask = async <N extends RouteName>(
    name: N,
    query = "",
    parts: Readonly<Record<string, string>> = {},
  ): Promise<AnswerOf<N>> => {
    const answer = await monitor.ask(pathOf(name, parts) + query);
    assert.equal(answer.status, 200, `${name}${query}`);
    const text = await answer.text();
    const read = ROUTES[name].answer.safeParse(JSON.parse(text.split("\n")[0] ?? ""));
    assert.ok(read.success, `${name}: ${JSON.stringify(read.error?.issues)}`);
    return read.data as AnswerOf<N>;
  };
  await ask("health");
  await ask("events", "?limit=3");
  await ask("timeline", "", { id: SESSION });
  await ask("import");
  await ask("alerts");
  const first = story.events[0]?.id ?? "";
  assert.equal((await ask("event", "", { id: first })).id, first);

  const { events: found } = await ask("rows", "?view=rows&q=gauge");
  assert.ok(found[0]?.snippet?.includes(`${MATCH_OPEN}gauge${MATCH_CLOSE}`));
  const filters = [
    "project=tidepool&tool=bash",
    `session=${SESSION.slice(0, 6)}&event=stop`,
    "since=1h&until=now&q=gauge",
  ];
  for (const filter of filters) assert.ok((await ask("rows", `?view=rows&${filter}`)).events.length > 0, filter);

  const page = await ask("sessions", "?limit=1");
  assert.deepEqual([page.sessions[0]?.id, page.total], [SESSION, 2]);
  const rest = await ask("sessions", `?limit=1&before=${page.next}`);
  assert.deepEqual([rest.sessions[0]?.id, rest.next], ["other", null]);
  assert.equal((await ask("sessions", "?state=working&project=tidepool&q=reef&since=1h")).total, 1);
  assert.equal((await ask("session", "", { id: SESSION.slice(0, 8) })).id, SESSION);

  const { turns } = await ask("turns", "", { id: SESSION });
  assert.deepEqual(
    turns.map(({ prompt, answer, state }) => [prompt, answer, state]),
    [
      ["Mend the gauge", "Mended.", "done"],
      ["And the reef", undefined, "open"],
    ],
  );
  const { messages, next, total } = await ask("messages", "?limit=2", { id: SESSION });
  assert.deepEqual(
    messages.map(({ role, text, turn, final }) => [role, text, turn, final]),
    [
      ["assistant", "Mended.", 1, true],
      ["user", "And the reef", 2, undefined],
    ],
  );
  assert.equal(total, 3);
  const earlier = await ask("messages", `?limit=2&before=${next.before}`, { id: SESSION });
  assert.deepEqual([earlier.messages.map(({ text }) => text), earlier.next.before], [["Mend the gauge"], null]);
  assert.deepEqual((await ask("messages", `?after=${next.after}`, { id: SESSION })).messages, []);
  await ask("files", "", { id: SESSION });
  await ask("changes", "?since=1h&project=tidepool");

  const { projects } = await ask("projects");
  assert.deepEqual(projects.map(({ name }) => name).sort(), ["reef", "tidepool"]);
  assert.ok((await ask("stats", "?since=2h&project=tidepool")).events >= story.events.length - 1);
});

test("docs/api.md names every route with its parameters", () => {
  const page = readFileSync(join(ROOT, "docs/api.md"), "utf8");
  const sections = page.split(/^### /m);
  for (const { method, path, query, about } of Object.values(ROUTES)) {
    const section = sections.find((text) => text.startsWith(`${method} ${path}\n`));
    assert.ok(section, `${method} ${path}: ${about}`);
    for (const name of Object.keys(query.shape)) assert.ok(section.includes(`\`${name}\``), `${path}: ${name}`);
  }
});
