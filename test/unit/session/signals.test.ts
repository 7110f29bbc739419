// Signals: what goes in circles is said with the events that show it; what is ordinary work is not.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Envelope } from "../../../src/contract/envelope.ts";
import type { Signal } from "../../../src/contract/signals.ts";
import { reduce } from "../../../src/session/reduce.ts";
import { readSession, type Session } from "../../../src/session/state.ts";
import { summaryOf } from "../../../src/session/summary.ts";
import { extract, headOf } from "../../../src/store/extract.ts";
import { runs } from "../../brief.ts";
import { RECORDINGS, recording } from "../../browser/recordings.ts";
import { busyMorning } from "../../browser/stories.ts";
import { Story } from "../../browser/story.ts";
import { MINUTE_MS, T0 } from "./shorts.ts";

const begin = () => new Story({ session: "s", project: "/p", start: T0 }).begin().prompt("mend it");

/** The session after the events, kept as JSON between them as a store does. */
function fold(events: readonly Envelope[]): Session {
  let session: Session | undefined;
  for (const envelope of events) {
    const { row, project } = extract(envelope, 100);
    const step = reduce(session, { kind: "event", row, head: headOf(envelope, project) });
    session = readSession(JSON.parse(JSON.stringify(step.session)));
    assert.ok(session);
  }
  assert.ok(session);
  return session;
}

const signals = ({ events, t }: Story): readonly Signal[] => summaryOf(fold(events), t).signals ?? [];
const codes = (story: Story) => signals(story).map(({ code, count }) => [code, count]);

const fails = (story: Story, command = "make deploy", error = "Exit code 2\nno such host") =>
  story.wait(1000).bash(command, "", { error });

describe("a command that fails again and again", () => {
  test("is a signal from the third time on, with its command, its turn and the events that show it", () => {
    const story = begin();
    fails(fails(story));
    assert.deepEqual(signals(story), []);
    fails(fails(story));
    const failures = story.events.filter(({ hook_event_name: event }) => event === "PostToolUseFailure");
    assert.deepEqual(signals(story), [
      {
        code: "repeated_failure",
        turn: 1,
        since: Date.parse(failures[0]?.timestamp ?? ""),
        until: Date.parse(failures[3]?.timestamp ?? ""),
        count: 4,
        evidence: failures.map(({ id }) => id),
        tool: "Bash",
        text: "make deploy",
      },
    ]);
  });

  test("is the same signal when it goes on, and keeps the first event and the newest", () => {
    const story = begin();
    for (let index = 0; index < 28; index++) fails(story);
    const [signal, ...more] = signals(story);
    const failures = story.events.flatMap(({ id, hook_event_name: event }) => (/Failure/.test(event) ? [id] : []));
    assert.deepEqual([signal?.count, more], [28, []]);
    assert.deepEqual(signal?.evidence, [failures[0], ...failures.slice(-7)]);
  });

  test("stays a signal after it has worked, and begins anew", () => {
    const story = begin();
    fails(fails(fails(story))).bash("make deploy", "deployed");
    fails(fails(story));
    assert.deepEqual(codes(story), [["repeated_failure", 3]]);
    fails(story);
    assert.deepEqual(codes(story), [
      ["repeated_failure", 3],
      ["repeated_failure", 3],
    ]);
  });

  test("is equal whatever differs by chance: times, durations, places, temporary files", () => {
    const story = begin();
    for (const index of [1, 2, 3])
      fails(
        story,
        "pytest",
        `Exit code 1\n2026-01-0${index} 10:00:0${index} test_reef.py:1${index}: in /tmp/t${index}/x\n1 failed in 1.${index}s`,
      );
    assert.deepEqual(codes(story), [["repeated_failure", 3]]);
  });

  test("of any tool is one, with the same input", () => {
    const story = begin();
    for (const url of ["https://reef.example", "https://reef.example", "https://reef.example"])
      story.wait(100).call("WebFetch", { url, prompt: "read" }, {}, { error: "Request failed with status code 404" });
    assert.deepEqual(codes(story), [["repeated_failure", 3]]);
  });

  test("with other inputs or other errors is none", () => {
    const story = begin();
    for (const index of [1, 2, 3, 4, 5, 6]) fails(story, `make part-${index}`);
    for (const index of [6, 5, 4, 3, 2, 1]) fails(story, "make all", `Exit code 2\n${index} errors`);
    assert.deepEqual(signals(story), []);
  });

  test("while tests are mended is none: red, edit, red, edit, green", () => {
    const story = begin();
    for (const index of [1, 2, 3, 4])
      fails(story, "npm test", "Exit code 1\n1 failed: reef").edit(`src/${index}.ts`, `${index}`, `${index + 1}`);
    story.bash("npm test", "9 passed");
    assert.deepEqual(signals(story), []);
  });

  test("is one after five equal failures, though something was edited in between", () => {
    const story = begin();
    for (const index of [1, 2, 3, 4, 5])
      fails(story, "npm test", "Exit code 1\n1 failed: reef").edit(`src/${index}.ts`, `${index}`, `${index + 1}`);
    assert.deepEqual(codes(story), [["repeated_failure", 5]]);
  });

  test("is none where a command answers no: grep finds nothing", () => {
    const story = begin();
    for (let index = 0; index < 6; index++) fails(story, "grep -rq pearl src", "Exit code 1");
    assert.deepEqual(signals(story), []);
  });

  test("is none where three agents fail once each, nor where a person broke it off", () => {
    const story = begin();
    for (const id of ["a1", "a2", "a3"])
      story.wait(100).bash("npm test", "", { error: "Exit code 1\n1 failed", agent: { id, type: "Explore" } });
    for (let index = 0; index < 4; index++) {
      const call = story.wait(100).open("Bash", { command: "sleep 99" });
      const cut = { tool_name: "Bash", tool_input: { command: "sleep 99" }, tool_use_id: call, is_interrupt: true };
      story.emit("PostToolUseFailure", { ...cut, error: "Interrupted" });
    }
    assert.deepEqual(signals(story), []);
  });

  test("is none where a person asks for it turn by turn, nor where no input is told", () => {
    const story = begin();
    for (let index = 0; index < 5; index++) fails(story).stop("It failed.").wait(5000).prompt("again");
    for (let index = 0; index < 5; index++) story.wait(100).call("Bash", {}, {}, { error: "" });
    assert.deepEqual(signals(story), []);
  });
});

describe("edits that go back and forth", () => {
  const there = (story: Story) => story.wait(1000).edit("reef.ts", "depth = 3", "depth = 4");
  const back = (story: Story) => story.wait(1000).edit("reef.ts", "depth = 4", "depth = 3");

  test("are a signal when the file was brought back for the third time, with the edits that show it", () => {
    const story = begin();
    there(back(there(story)));
    assert.deepEqual(signals(story), [], "a change that is taken back to see a test fail is ordinary");
    back(story);
    const edits = story.events.filter(({ hook_event_name: event }) => event === "PostToolUse");
    assert.deepEqual(signals(story), [
      {
        code: "back_and_forth",
        turn: 1,
        since: Date.parse(edits[0]?.timestamp ?? ""),
        until: Date.parse(edits[3]?.timestamp ?? ""),
        count: 3,
        evidence: edits.map(({ id }) => id),
        path: "/p/reef.ts",
      },
    ]);
  });

  test("are seen in the whole text of a file, however it was brought back", () => {
    const story = begin();
    const write = (before: string | null, content: string) =>
      story
        .wait(1000)
        .call(
          "Write",
          { file_path: "/p/reef.ts", content },
          { type: "update", filePath: "/p/reef.ts", content, originalFile: before, structuredPatch: [] },
        );
    write(null, "a");
    write("a", "b");
    write("b", "c");
    write("c", "a");
    write("a", "c");
    assert.deepEqual(signals(story), []);
    write("c", "b");
    assert.deepEqual(codes(story), [["back_and_forth", 3]]);
  });

  test("are none where each edit is new, or the same is done at many places", () => {
    const story = begin();
    for (let index = 0; index < 30; index++)
      story.wait(100).edit("reef.ts", `depth = ${index}`, `depth = ${index + 1}`);
    for (let index = 0; index < 30; index++) story.wait(100).edit("reef.ts", "coral", "kelp");
    assert.deepEqual(signals(story), []);
  });

  test("are none where a person asks for each of them", () => {
    const story = begin();
    for (let index = 0; index < 4; index++) {
      there(story).stop("There.").prompt("back");
      back(story).stop("Back.").prompt("there");
    }
    assert.deepEqual(signals(story), []);
  });
});

describe("a turn that is far longer than usual", () => {
  const turns = (story: Story, ...minutes: readonly number[]) => {
    for (const each of minutes)
      story
        .wait(1000)
        .prompt("go on")
        .wait(each * MINUTE_MS)
        .stop("done");
    return story;
  };
  const usual = [2, 3, 3, 4, 2] as const;

  test("is a signal, with how long is usual, the turns that say so, and the event that began it", () => {
    const story = turns(begin().stop("begun"), ...usual, 40);
    const prompt = story.events.findLast(({ hook_event_name: event }) => event === "UserPromptSubmit");
    const until = Date.parse(story.events.at(-1)?.timestamp ?? "");
    const ms = 40 * MINUTE_MS;
    assert.deepEqual(signals(story), [
      {
        code: "long_turn",
        turn: 7,
        since: until - ms,
        until,
        count: 6,
        evidence: [prompt?.id],
        ms,
        usualMs: 3 * MINUTE_MS,
      },
    ]);
  });

  test("is one while it goes on, with no event to say so", () => {
    const story = turns(begin().stop("begun"), ...usual)
      .wait(1000)
      .prompt("go on");
    const session = fold(story.events);
    const at = (minutes: number) => summaryOf(session, story.t + minutes * MINUTE_MS).signals?.map(({ code }) => code);
    assert.deepEqual([at(14), at(16)], [undefined, ["long_turn"]]);
  });

  test("is none while a person is waited for", () => {
    const story = turns(begin().stop("begun"), ...usual)
      .wait(1000)
      .prompt("go on");
    story.bash("rm -r reef", "gone", { asked: 60 * MINUTE_MS }).stop("done");
    assert.deepEqual(signals(story), []);
  });

  test("is none where few turns say what is usual, where another was nearly as long, or where it is short all the same", () => {
    assert.deepEqual(signals(turns(begin().stop("begun"), 2, 2, 90)), []);
    assert.deepEqual(signals(turns(begin().stop("begun"), ...usual, 14, 25)), []);
    assert.deepEqual(signals(turns(begin().stop("begun"), 0.1, 0.1, 0.1, 0.1, 0.1, 10)), []);
  });
});

test("the recorded sessions of the real host, and those of an invented morning, show no signal", () => {
  for (const name of RECORDINGS)
    for (const events of Map.groupBy(recording(name, T0), ({ session_id: id }) => id).values())
      assert.deepEqual(summaryOf(fold(events), T0 + 3_600_000).signals, undefined, name);
  for (const { events, cast } of busyMorning(T0))
    assert.deepEqual(summaryOf(fold(events), T0).signals, undefined, cast.session);
});

describe("whatever calls do", () => {
  const command = fc.constantFrom("make", "npm test", "grep x", "deploy");
  const error = fc.constantFrom("Exit code 1", "Exit code 2\nno", "Exit code 2\nnever");
  const text = fc.constantFrom("a", "b", "c");
  const agent = fc.constantFrom(undefined, { id: "a1", type: "Explore" });
  type Step = (story: Story) => unknown;
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ command, error, agent }).map(
        (one): Step =>
          (story) =>
            story.bash(one.command, "", one.agent ? { error: one.error, agent: one.agent } : { error: one.error }),
      ),
    },
    {
      weight: 2,
      arbitrary: command.map(
        (one): Step =>
          (story) =>
            story.bash(one, "ok"),
      ),
    },
    {
      weight: 6,
      arbitrary: fc.record({ file: fc.nat(40), from: text, to: text }).map(
        (one): Step =>
          (story) =>
            story.edit(`${one.file % 11}.ts`, one.from, one.to),
      ),
    },
    { weight: 1, arbitrary: fc.constant<Step>((story) => story.stop("done").prompt("go on")) },
  );

  test("what is remembered and shown is bounded, and the evidence is of events of the session, each once", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const story = begin();
        for (const one of steps) one(story.wait(1000));
        const session = fold(story.events);
        assert.ok(JSON.stringify(session.watch ?? {}).length < 16_000);
        const ids = story.events.map(({ id }) => id);
        const shown = signals(story);
        assert.ok(shown.length <= 8);
        for (const { evidence, since, until, count, turn } of shown) {
          assert.ok(evidence.length <= 8 && evidence.length > 0 && count >= 3);
          assert.deepEqual(
            evidence,
            [...new Set(evidence)].sort((a, b) => ids.indexOf(a) - ids.indexOf(b)),
          );
          assert.ok(evidence.every((id) => ids.includes(id)));
          assert.ok(since <= until && turn >= 1 && turn <= session.turns);
        }
      }),
      { seed: 5, numRuns: runs(150) },
    );
  });

  test("a long turn is remembered in a few thousand characters: its calls, its files and the edits of each", () => {
    const story = begin();
    for (let index = 0; index < 100; index++) {
      fails(story, `make part-${index}`);
      for (const file of ["reef.ts", `${index}.ts`]) story.edit(file, `depth = ${index}`, `depth = ${index + 1}`);
    }
    const { calls = [], files = [] } = fold(story.events).watch ?? {};
    assert.deepEqual([calls.length, files.length, Math.max(...files.map(({ steps }) => steps.length))], [8, 8, 8]);
  });

  test("a signal is there exactly where a model that remembers everything finds one", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ command, error: fc.option(error, { nil: undefined }) }), { maxLength: 40 }),
        (runs) => {
          const story = begin();
          for (const one of runs)
            story.wait(1000).bash(one.command, "", one.error === undefined ? {} : { error: one.error });
          const found = signals(story).map(
            (signal) => signal.code === "repeated_failure" && [signal.text, signal.count],
          );
          assert.deepEqual(found.sort(), circles(runs).slice(-8).sort());
        },
      ),
      { seed: 3, numRuns: runs(300) },
    );
  });

  interface Run {
    readonly command: string;
    readonly error: string | undefined;
  }

  /** Every row of equal failures that is one: each looked at from its first to its last. */
  function circles(runs: readonly Run[]): [string, number][] {
    const rows = [...new Set(runs.map((run) => run.command))].flatMap((name) => rowsOf(runs, name));
    const found = rows.filter((row) => row.length >= 5 || longestBare(runs, row) >= 3);
    return found
      .sort((a, b) => (a.at(-1) ?? 0) - (b.at(-1) ?? 0))
      .map((row) => [runs[row[0] ?? 0]?.command ?? "", row.length]);
  }

  /** The places of equal failures of a command, with no success and no other failure of it in between. */
  function rowsOf(runs: readonly Run[], name: string): number[][] {
    const rows: number[][] = [];
    let error: string | undefined;
    for (const [index, run] of runs.entries()) {
      if (run.command !== name) continue;
      const failed = run.error === "Exit code 1" ? undefined : run.error;
      if (failed !== error) rows.push([]);
      error = failed;
      if (failed !== undefined) rows.at(-1)?.push(index);
    }
    return rows.filter((row) => row.length > 0);
  }

  /** The longest part of a row with no success of another command in between. */
  function longestBare(runs: readonly Run[], row: readonly number[]): number {
    let longest = 0;
    let length = 0;
    for (const [place, index] of row.entries()) {
      const between = runs.slice((row[place - 1] ?? index) + 1, index);
      const isBare = between.every(({ error: one }) => one !== undefined && one !== "Exit code 1");
      length = isBare ? length + 1 : 1;
      longest = Math.max(longest, length);
    }
    return longest;
  }
});
