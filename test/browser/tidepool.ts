// The longest of the stories: most of what a session can be.

import { type Agent, Story } from "./story.ts";

export const MINUTE_MS = 60_000;

export const READER = `import csv

from tides.units import metres


def read_rows(path):
    """Yields one reading a row, in metres."""
    with open(path, newline="") as source:
        for row in csv.DictReader(source):
            yield row["gauge"], metres(row["level"], row["unit"])
`;

const TEST_OUTPUT = `============================= test session starts ==============================
collected 42 items

tests/test_reader.py ..........                                          [ 23%]
tests/test_gauges.py ...............F................                    [100%]

=================================== FAILURES ===================================
____________________________ test_last_row_is_kept _____________________________
    def test_last_row_is_kept():
>       assert len(list(read_rows("fixtures/harbour.csv"))) == 3
E       assert 2 == 3
========================= 1 failed, 41 passed in 1.84s =========================`;

/** A long turn with parallel calls, two subagents (one in the background), a failure, a permission and todos; still at work. */
export function tidepool(now: number): Story {
  const story = new Story({
    session: "7f3c1d9e-42ab-4c6e-9b11-5d20e8a7c394",
    project: "/home/dana/code/tidepool",
    start: now - 14 * MINUTE_MS,
    seed: 11,
  });
  const explorer: Agent = { id: "a7c41e09f3b2d586", type: "Explore" };
  const reviewer: Agent = { id: "b93d07e5a1c8f42e", type: "migration-reviewer" };
  story.begin().wait(8000);
  story.prompt(
    "The gauge importer drops the last reading of every file. Find out why and fix it; keep the CSV format.",
  );
  story.wait(2200).bash("git status --short && git log --oneline -5", "a41c2de Import tide gauges\n", { ms: 60 });
  story.wait(1500);
  const first = story.open("Grep", { pattern: "read_rows", path: "ingest", output_mode: "files_with_matches" });
  const second = story.wait(4).open("Glob", { pattern: "tests/**/*.py" });
  const third = story.wait(3).open("Read", { file_path: `${story.cast.project}/ingest/reader.py` });
  story
    .wait(30)
    .close(second, "Glob", { pattern: "tests/**/*.py" }, { numFiles: 4, filenames: ["tests/test_reader.py"] });
  story.wait(25).close(
    third,
    "Read",
    { file_path: `${story.cast.project}/ingest/reader.py` },
    {
      type: "text",
      file: { filePath: "ingest/reader.py", content: READER, numLines: 11, startLine: 1, totalLines: 11 },
    },
  );
  story.wait(420).close(
    first,
    "Grep",
    { pattern: "read_rows" },
    {
      mode: "files_with_matches",
      numFiles: 3,
      filenames: ["ingest/reader.py", "ingest/report.py", "tests/test_reader.py"],
    },
    { ms: 480 },
  );
  story.batch().wait(3000);
  const todos = ["Find where rows are dropped", "Fix the reader", "Add a test for the last row", "Run the whole suite"];
  const state = (done: number) =>
    todos.map((content, index) => ({
      content,
      activeForm: content,
      status: index < done ? "completed" : index === done ? "in_progress" : "pending",
    }));
  story.call("TodoWrite", { todos: state(0) }, { oldTodos: [], newTodos: state(0) }, { ms: 3 }).wait(2500);

  const explore = {
    description: "Find callers of read_rows",
    prompt: "List every caller of read_rows and what each expects of the last row.",
    subagent_type: "Explore",
  };
  const call = story.open("Agent", explore);
  story.wait(300).emit("SubagentStart", {}, explorer).wait(1500);
  story.call(
    "Grep",
    { pattern: "read_rows\\(", output_mode: "content" },
    { mode: "content", numMatches: 6, content: "ingest/report.py:31:    rows = list(read_rows(path))" },
    { ms: 210, agent: explorer },
  );
  story.wait(1200).read("ingest/report.py", "rows = list(read_rows(path))\nprint(len(rows))\n", { agent: explorer });
  story
    .wait(2000)
    .read("ingest/nightly.py", "for gauge, level in read_rows(path):\n    store(gauge, level)\n", { agent: explorer });
  story.wait(1800).bash("git log -L 5,11:ingest/reader.py --oneline | head -40", "a41c2de Import tide gauges", {
    ms: 340,
    agent: explorer,
  });
  story
    .wait(2500)
    .emit(
      "SubagentStop",
      { stop_hook_active: false, last_assistant_message: "Three callers; only report.py relies on the count." },
      explorer,
    );
  story.wait(60).close(
    call,
    "Agent",
    explore,
    {
      status: "completed",
      agentId: explorer.id,
      agentType: "Explore",
      content: [{ type: "text", text: "Three callers; only report.py relies on the count." }],
      totalToolUseCount: 4,
      resolvedModel: "claude-haiku-5",
    },
    { ms: 9_600 },
  );
  story.wait(3000).edit("ingest/reader.py", "    for i in range(len(rows) - 1):", "    for i in range(len(rows)):");
  story.wait(1800).bash("python -m pytest -q", TEST_OUTPUT, {
    ms: 7400,
    error: `Exit code 1\n${TEST_OUTPUT}`,
    description: "Run the tests",
  });
  story
    .wait(4200)
    .read(
      "tests/test_reader.py",
      "def test_last_row_is_kept():\n    assert len(list(read_rows('fixtures/harbour.csv'))) == 3\n",
    );
  story.wait(2600).edit("tests/test_reader.py", "== 3", "== 4", { asked: 9000 });

  const review = {
    description: "Review the migration",
    prompt: "Check 0042_gauge_index.sql for locks.",
    subagent_type: "migration-reviewer",
    run_in_background: true,
  };
  const launched = story.wait(2000).open("Agent", review);
  story
    .wait(40)
    .close(
      launched,
      "Agent",
      review,
      { status: "async_launched", isAsync: true, agentId: reviewer.id, description: review.description },
      { ms: 40 },
    );
  story.wait(200).emit("SubagentStart", {}, reviewer).wait(2500);
  story.read("migrations/0042_gauge_index.sql", "CREATE INDEX CONCURRENTLY gauge_at ON reading (gauge, at);\n", {
    agent: reviewer,
  });
  story.wait(1500).bash("python -m pytest -q", "42 passed in 1.71s", { ms: 6900, description: "Run the tests" });
  story.wait(2000).bash("psql -c 'select * from pg_locks' | head", "could not connect", {
    ms: 800,
    agent: reviewer,
    error: "Exit code 2\npsql: error: connection to server failed",
  });
  story.wait(3000).call("TodoWrite", { todos: state(3) }, { oldTodos: state(0), newTodos: state(3) }, { ms: 3 });
  story
    .wait(1200)
    .stop("The last row was dropped by an off-by-one in read_rows. Fixed, with a test; 42 pass.", reviewer);
  story
    .wait(95_000)
    .prompt(
      "Good. Now the nightly job: it holds API_TOKEN=[redacted:assignment] in the unit file, move that to the keyring.",
    );
  story
    .wait(2600)
    .bash(
      "systemctl --user cat tides.service",
      "[Service]\nEnvironment=API_TOKEN=[redacted:assignment]\nExecStart=/usr/bin/python -m ingest --all\n",
      { ms: 45 },
    );
  story.wait(1800).call(
    "WebSearch",
    { query: "systemd LoadCredential keyring user service" },
    {
      query: "systemd",
      results: [
        { content: [{ title: "Credentials", url: "https://systemd.example/CREDENTIALS" }] },
        "LoadCredential reads from a file.",
      ],
      durationSeconds: 1.9,
    },
    { ms: 1900 },
  );
  story
    .wait(2400)
    .bash(
      "journalctl --user -u tides -n 4000",
      `${"Nov 24 tides ingest: read 240 rows\n".repeat(30)}…[cut: 184220 characters]…`,
      { ms: 620 },
    );
  story.emit("PreCompact", { trigger: "auto", custom_instructions: null }).wait(11_000);
  story.emit("PostCompact", {
    trigger: "auto",
    compact_summary: "The importer is fixed; the nightly job's token moves to the keyring.",
  });
  story.emit("SessionStart", { source: "compact", model: "claude-opus-5" }).wait(3000);
  while (story.t < now - 42_000) {
    const turn = story.random();
    if (turn < 0.35) story.read(`ingest/part_${Math.floor(turn * 40)}.py`, READER);
    else if (turn < 0.6)
      story.bash("python -m pytest -q tests/test_nightly.py", "9 passed in 0.4s", { ms: 1400 + turn * 3000 });
    else if (turn < 0.85)
      story.edit(
        "ingest/nightly.py",
        "token = os.environ['API_TOKEN']",
        "token = keyring.get_password('tides', 'api')",
      );
    else story.call("Grep", { pattern: "API_TOKEN" }, { numFiles: 2, filenames: ["ingest/nightly.py"] }, { ms: 160 });
    story.wait(1200 + story.random() * 6000);
  }
  story.t = now - 38_000;
  story.open("Bash", { command: "python -m ingest --all --dry-run", description: "Dry run of the whole import" });
  return story;
}
