// What leaves a machine for a team: at `metadata` no text, no path and no name of anybody's, wherever it stands; and still
// all that says what a session did, and when.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { subtypeOf } from "../../../src/contract/catalog.ts";
import { Envelope } from "../../../src/contract/envelope.ts";
import type { ContentLevel } from "../../../src/contract/team.ts";
import { buildEnvelope } from "../../../src/event/envelope.ts";
import { parsePayload } from "../../../src/event/payload.ts";
import { createRedactor } from "../../../src/event/redact.ts";
import { reduce } from "../../../src/session/reduce.ts";
import type { Session } from "../../../src/session/state.ts";
import { summaryOf } from "../../../src/session/summary.ts";
import type { Transition } from "../../../src/session/transition.ts";
import { turnOf } from "../../../src/session/turns.ts";
import { extract, headOf } from "../../../src/store/extract.ts";
import { leavingFields, projectEnvelope } from "../../../src/team/content.ts";
import { runs, tried } from "../../brief.ts";
import { RECORDINGS, recording } from "../../browser/recordings.ts";
import { busyMorning } from "../../browser/stories.ts";
import { Story } from "../../browser/story.ts";
import { talk } from "../../browser/talk.ts";
import { payload } from "../../fuzz/arbitrary.ts";
import { ROOT } from "../../world.ts";
import {
  EMPTY,
  EVENT_FIELDS,
  inFields,
  inHeads,
  inMembers,
  inNested,
  inTools,
  NUMBER,
  PLANTS,
  type Planted,
  plain,
  TOOL_FIELDS,
  WORD,
} from "./planted.ts";

const KEY = "the key of a machine in a test";
const OTHER_KEY = "the key of another machine";
const T0 = Date.UTC(2026, 10, 20, 9);
/** An event that has no text is small, whatever it came from. */
const MAX_BYTES = 8 * 1024;

const project = (event: Envelope, level: ContentLevel = "metadata") => projectEnvelope(event, level, KEY);
const jsonOf = (event: Envelope, level: ContentLevel = "metadata") => JSON.stringify(project(event, level));
const PLACES = [inFields, inTools, inMembers, inNested];
const PLANTED: readonly Planted[] = tried([...PLACES.flatMap((plant) => [...plant(PLANTS)]), ...inHeads()]);

/** A turn that its user broke off, as a transcript says it. */
function brokenOff(): Envelope[] {
  const story = new Story({ session: "of-a-transcript", project: "/p/tidepool", start: T0 + 600_000 });
  story.lose(100).prompt("go on").wait(2000).open("Bash", { command: "sleep 60" });
  return story.wait(3000).emit("Interrupted").events;
}
const asTold = (event: Envelope): Envelope => ({ ...event, id: `t_${event.id}`, source: "transcript" });

/** Every session that the tests know, by name. */
const SESSIONS: readonly (readonly [name: string, events: readonly Envelope[]])[] = [
  ...RECORDINGS.map((name) => [name, recording(name, T0)] as const),
  ["a busy morning", busyMorning(T0).flatMap(({ events }) => events)],
  ["a talk that transcripts tell of, too", talk(T0).events],
  ["a session that only a transcript tells of", [...talk(T0, "of-a-transcript").events, ...brokenOff()].map(asTold)],
];

describe("what must not leave", () => {
  for (const level of ["metadata", "hashed"] as const)
    test(`a word in any field of any event, and of any tool's input and output, is not found at ${level}`, () => {
      const found = PLANTED.filter(({ event }) => {
        const json = jsonOf(event, level).toLowerCase();
        return json.includes(WORD) || json.includes(String(NUMBER));
      });
      assert.deepEqual(
        found.slice(0, 20).map(({ where, event }) => `${where}: ${jsonOf(event, level).slice(0, 300)}`),
        [],
        `${found.length} places`,
      );
    });

  for (const [name, events] of SESSIONS)
    test(`every string of the session "${name}" that leaves is a word of the host, an id, a name, or the project`, () => {
      for (const event of events) assertKnown(event, project(event));
    });

  test("whatever comes in, every string that leaves is a word of the host, an id, a name, or the project", () => {
    const { redactor } = createRedactor({ enabled: false, patterns: [], budgetMs: Number.POSITIVE_INFINITY });
    const build = (given: unknown): Envelope | undefined => {
      const parsed = parsePayload(JSON.stringify(given));
      if (!parsed.ok) return undefined;
      const origin = { hostName: "workshop", projectDir: "/home/dana/code/tidepool" };
      return buildEnvelope({
        id: "01KB3W6N2Q9F5Z8T4XJ7VC0RDM",
        seq: 1,
        capturedAt: T0,
        payload: parsed.payload,
        origin,
        redactor,
      }).envelope;
    };
    fc.assert(
      fc.property(payload, (given) => {
        const event = build(given);
        fc.pre(event !== undefined);
        assertKnown(event, project(event));
      }),
      { numRuns: runs(2000) },
    );
  });

  test("a size says how much there is, and no more: other words of the same length leave the same bytes", () => {
    for (const { where, event } of PLANTED) {
      const other = JSON.parse(JSON.stringify(event).replaceAll(WORD, "zebraquilted").replaceAll("quokka", "zebras"));
      assert.equal(JSON.stringify(projectEnvelope(other, "metadata", KEY)).length, jsonOf(event).length, where);
    }
  });
});

describe("what does leave", () => {
  const levels: readonly ContentLevel[] = ["metadata", "hashed", "content"];
  const all = () => [
    ...PLANTED,
    ...tried(PLACES.flatMap((plant) => [...plant(EMPTY)])),
    ...SESSIONS.flatMap(([name, events]) => events.map((event) => ({ where: name, event }))),
  ];

  test("is an envelope, the same when it is projected again, and no larger than an event without text", () => {
    for (const { where, event } of all())
      for (const level of ["metadata", "hashed"] as const) {
        const once = project(event, level);
        const read = Envelope.safeParse(JSON.parse(JSON.stringify(once)));
        assert.ok(read.success, `${where}: ${read.error?.message}`);
        assert.equal(JSON.stringify(project(once, level)), JSON.stringify(once), `${where}, ${level}`);
        assert.ok(JSON.stringify(once).length <= MAX_BYTES, where);
      }
  });

  test("is at a lower level the same, whether it had left at a higher one before or not", () => {
    for (const { where, event } of all().filter((_, at) => at % 7 === 0)) {
      const least = jsonOf(event);
      assert.equal(JSON.stringify(project(project(event, "hashed"), "metadata")), least, where);
      assert.equal(JSON.stringify(project(project(event, "metadata"), "hashed")), least, where);
    }
  });

  test("names a project by the last part of its path, and nobody's home", () => {
    for (const [path, name] of [
      ["/home/dana/code/tidepool", "tidepool"],
      ["/srv/tide pool/", "tide pool"],
      ["C:\\Users\\dana\\code\\tidepool", "tidepool"],
      ["tidepool", "tidepool"],
      ["/home/dana", "~"],
      ["/Users/dana/", "~"],
      ["/var/home/dana", "~"],
      ["C:\\Users\\dana", "~"],
      ["/root", "~"],
      ["/", undefined],
    ] as const)
      assert.equal(project({ ...plain("Stop"), project_dir: path }).project_dir, name, path);
  });

  test("is known by its name where the name is one of the host's or of a transcript's; else it is another event", () => {
    for (const name of Object.keys(EVENT_FIELDS)) assert.equal(project(plain(name)).hook_event_name, name);
    assert.equal(project(plain("EventOfNextMonth")).hook_event_name, "OtherEvent");
  });

  test("is at `content` the event as it is", () => {
    for (const { event } of all()) assert.deepEqual(project(event, "content"), event);
  });

  test("was not changed where it came from", () => {
    for (const { event } of all()) {
      const before = JSON.stringify(event);
      for (const level of levels) project(event, level);
      assert.equal(JSON.stringify(event), before);
    }
  });

  test("of an event with a thousand calls and a million members is small", () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({
      tool_name: "Bash",
      tool_use_id: `toolu_01A09q90qw90lq9178${index}`,
      tool_input: { command: WORD, ...Object.fromEntries(Array.from({ length: 200 }, (__, n) => [`${WORD}${n}`, n])) },
    }));
    const json = jsonOf(plain("PostToolBatch", { tool_calls: many, field: new Array(100_000).fill({ [WORD]: WORD }) }));
    assert.equal(json.includes(WORD), false);
    assert.ok(json.length <= 128 * 1024, `${json.length} bytes`);
  });

  for (const [name, events] of SESSIONS)
    test(`says the same of the session "${name}": states, calls, questions, turns, agents, durations, failures`, () => {
      for (const level of ["metadata", "hashed"] as const)
        assert.deepEqual(meaningOf(events.map((event) => project(event, level))), meaningOf(events), level);
    });
});

test("calls whose commands and errors were not shared are not taken for the same failure again", () => {
  const story = new Story({ session: "0c5a7d52-08ae-4f6d-93c7-2be5a90f1d63", project: "/p/tidepool", start: T0 });
  story.begin().prompt("mend it");
  for (let index = 0; index < 6; index++)
    story
      .wait(1000)
      .call(
        "Bash",
        { command: `make target-${index}`, timeout: 60_000 },
        {},
        { error: `Exit code 2\nno rule for target-${index}`, ms: 100 },
      );
  const signals = (events: readonly Envelope[]) => folded(events).sessions.flatMap((one) => one.signals ?? []);
  assert.deepEqual(signals(story.events), []);
  for (const level of ["metadata", "hashed"] as const)
    assert.deepEqual(signals(story.events.map((event) => project(event, level))), [], level);
});

describe("the page about what leaves", () => {
  const page = readFileSync(join(ROOT, "docs/team-content.md"), "utf8");
  const rows = (heading: string) =>
    (page.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "")
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .map((line) => line.split("|").slice(1, -1));
  const words = (cell = ""): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word ?? "");

  test("lists every field of the data that may leave, and how, and no other", () => {
    const listed = rows("Of its data").flatMap(([of, as = "", cells]) =>
      words(cells).map((field) => `${words(of)[0] === "data" ? "" : `${words(of)[0]}.`}${field} as ${as.trim()}`),
    );
    const known = leavingFields().map(([field, kind = "count"]) => `${field} as ${kind}`);
    assert.deepEqual(listed.toSorted(), [...known, "error as text"].toSorted());
  });

  test("lists every field of the head that leaves", () => {
    const listed = new Set(rows("Of every event").flatMap(([fields]) => words(fields)));
    for (const { event } of PLANTED)
      for (const field of Object.keys(project(event))) assert.ok(listed.has(field), `${field} is not listed`);
  });
});

describe("keyed hashes", () => {
  const read = (path: string, command = "ls") =>
    plain("PreToolUse", { tool_name: "Bash", tool_input: { file_path: path, command } });

  test("tell the same file and the same command, and nothing else; another machine's are others", () => {
    const hashed = (event: Envelope, key = KEY) => JSON.stringify(projectEnvelope(event, "hashed", key));
    assert.equal(hashed(read("/a/b.ts")), hashed(read("/a/b.ts")));
    assert.notEqual(hashed(read("/a/b.ts")), hashed(read("/a/c.ts")));
    assert.notEqual(hashed(read("/a/b.ts", "ls")), hashed(read("/a/b.ts", "id")));
    assert.notEqual(hashed(read("/a/b.ts")), hashed(read("/a/b.ts"), OTHER_KEY));
    assert.equal(jsonOf(read("/a/b.ts")), jsonOf(read("/a/c.ts")), "without them, files are not told apart");
  });
});

/** What the reducer makes of events. */
function folded(events: readonly Envelope[]): { steps: Transition[]; sessions: Session[] } {
  const sessions = new Map<string, Session>();
  const steps: Transition[] = [];
  for (const event of events) {
    const { row, project } = extract(event, 1000);
    const step = reduce(sessions.get(row.session), { kind: "event", row, head: headOf(event, project) });
    sessions.set(row.session, step.session);
    steps.push(...step.transitions);
  }
  return { steps, sessions: [...sessions.values()] };
}

/** What sessions were, without their words. */
function meaningOf(events: readonly Envelope[]): unknown {
  const { steps, sessions } = folded(events);
  return wordless([
    steps,
    sessions.map((session) => ({
      ...summaryOf(session, session.lastAt),
      project: session.project.split("/").at(-1),
      cwd: "",
      machine: "",
      pid: 0,
      pidns: "",
      ...(session.turn ? { turn: turnOf(session.turn, session, session.lastAt) } : {}),
    })),
  ]);
}

/** What is said in words, and what leads to an event. */
const WORDS = new Set(["text", "prompt", "answer", "asked", "title", "firstPrompt", "about", "signals", "shared"]);
const IDS = new Set(["call", "agent", "parent", "id"]);

/** The value without what is said in words; ids, which may leave as hashes, by the order in which they came. */
function wordless(value: unknown): unknown {
  const places = new Map<unknown, number>();
  const placeOf = (id: unknown) => {
    const place = places.get(id) ?? places.size + 1;
    places.set(id, place);
    return `#${place}`;
  };
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => {
      if (WORDS.has(key)) return undefined;
      return IDS.has(key) && typeof inner === "string" ? placeOf(inner) : inner;
    }),
  );
}

/** Everything that leaves is known: each string by itself, and each name of a field. */
function assertKnown(event: Envelope, left: Envelope): void {
  const { id, timestamp, host, data, ...rest } = left;
  assert.deepEqual([id, timestamp, host.name], [event.id, event.timestamp, event.host.name]);
  const known = namesOf(event);
  for (const text of textsOf({ ...rest, host: { ...host, name: "" }, data }))
    assert.ok(known.has(text) || ID.test(text), `${event.hook_event_name}: ${JSON.stringify(text)} leaves`);
}

/** What may leave of this event, besides ids: words of the host, and names where names stand. */
function namesOf({ data, session_id, host, project_dir, cwd }: Envelope): ReadonlySet<unknown> {
  const objects = [data, data["tool_input"], data["tool_response"], ...lists(data)].map(record);
  return new Set([
    ...HOST_WORDS,
    ...Object.keys(EVENT_FIELDS),
    ...Object.keys(EVENT_FIELDS).map(subtypeOf),
    ...FIELDS,
    ...[session_id, host.entrypoint, (project_dir ?? cwd)?.split(/[/\\]/).findLast(Boolean)],
    ...objects.flatMap((object) => NAME_FIELDS.map((field) => object[field]).filter(isName)),
  ]);
}

const NAME_FIELDS = [
  "tool_name",
  "agent_type",
  "agentType",
  "subagent_type",
  "mcp_server_name",
  "model",
  "resolvedModel",
];
const isName = (value: unknown) => typeof value === "string" && /^[A-Za-z][\w:.[\]-]{0,127}$/.test(value);
const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
const lists = (data: Record<string, unknown>): unknown[] =>
  ["tool_calls", "background_tasks"].flatMap((name) => (Array.isArray(data[name]) ? data[name] : []));

/** Of a session, a prompt, an agent, a call, a task; or what was hashed. */
const ID =
  /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|toolu_[A-Za-z0-9]+|[0-9a-f]{6,64}|(?:id|path|command):[0-9a-f]{24}|)$/;
/** Source: the enumerations of the hooks reference of Claude Code (host 2.1.330). */
const HOST_WORDS = [
  "startup resume clear compact fork import init maintenance User Project Local Managed session_start nested_traversal",
  "path_glob_match include slash_command mcp_prompt permission_prompt idle_prompt auth_success elicitation_dialog",
  "elicitation_url_dialog elicitation_complete elicitation_response agent_needs_input agent_completed rate_limit",
  "overloaded authentication_failed oauth_org_not_allowed billing_error invalid_request model_not_found server_error",
  "max_output_tokens unknown user_settings project_settings local_settings policy_settings skills register_repo_root",
  "change add unlink manual auto logout prompt_input_exit other form url accept decline cancel keep remove",
  "default plan acceptEdits dontAsk bypassPermissions low medium high xhigh max text image notebook pdf parts",
  "file_unchanged create update content files_with_matches count completed async_launched remote_launched running",
  "pending in_progress deleted failed killed shell subagent monitor workflow opus sonnet haiku inherit",
].flatMap((line) => line.split(" "));
/** What the envelope itself says, and we. */
const OURS = ["claude_event", "hook", "mpm_hook", "transcript", "metadata", "hashed", "~", "OtherEvent", "other_event"];
const FIELDS: readonly string[] = [
  ...OURS,
  ..."type event subtype source hook_event_name session_id project_dir correlation_id agent_id prompt_id schema seq".split(
    " ",
  ),
  ..."name entrypoint host data level usage input_tokens output_tokens cache_read_input_tokens".split(" "),
  ..."cache_creation_input_tokens mpm_withheld bytes tool_calls background_tasks session_crons id status".split(" "),
  ...Object.values(EVENT_FIELDS).flat(),
  ...Object.values(TOOL_FIELDS).flatMap(({ input, response }) => [...input, ...response]),
  ..."permission_mode effort agent_type tool_use_id agent_id prompt_id".split(" "),
];

/** All strings of a value, and the names of its fields. */
function* textsOf(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (Array.isArray(value)) for (const item of value) yield* textsOf(item);
  else if (typeof value === "object" && value !== null)
    for (const [name, item] of Object.entries(value)) {
      yield name;
      yield* textsOf(item);
    }
}
