// What every store promises, whatever is behind the port: run over each adapter.
// - An adapter opens a store that is empty, and opens the same one again: from another process, or after its end.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Envelope } from "../../../src/contract/envelope.ts";
import type { EventRow } from "../../../src/contract/row.ts";
import type { Filter, Pricing, Range, Span, Store } from "../../../src/store/port.ts";
import { MATCH_CLOSE, MATCH_OPEN } from "../../../src/store/words.ts";
import { random } from "../../browser/story.ts";
import { NODE, ROOT } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";

/** What each adapter is opened with: a thousand tokens of output for a dollar. */
export const PRICING: Pricing = { key: "test", cost: (_, { output }) => output / 1000 };

/** What happens to a store, and cannot be brought about through the port. */
export interface Faults {
  /** Another holds what every write needs, until the returned function is called. */
  hold(): Promise<() => Promise<void>>;
  /** Nothing can grow, as on a full disk, until the returned function is called. */
  fill(): Promise<() => Promise<void>>;
  /** Lines of a module that open the same store as `store`, for a process that will be killed. */
  readonly program: string;
}

export interface Opened {
  readonly store: Store;
  /** Opens it once more, as another process would. */
  readonly again: () => Promise<Store>;
  readonly faults: Faults;
}

export interface Adapter {
  readonly name: string;
  /** A new store. All that is opened is closed after the test. */
  open(t: TestContext, now?: () => number): Promise<Opened>;
}

const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A store that is held may wait for that long before the test lets it go. */
const HELD_MS = 300;
const PER_BATCH = 50;
/** No disk of a test takes more events. */
const MOST_UNTIL_FULL = 5000;
const NO_LIMITS = { before: 0, maxBytes: Number.POSITIVE_INFINITY };
const all = (store: Store, after = 0) => store.rows({}, { after, limit: 1000 });

interface Told {
  readonly session?: string;
  readonly seq: number;
  readonly event?: string;
  readonly t?: number;
  readonly data?: Record<string, unknown>;
  readonly project?: string;
}

let ids = 0;
const told = ({ session = "s", seq, event = "Stop", t = NOW, data = {}, project }: Told): Envelope => ({
  ...envelope(seq, { session }),
  id: `${session}-${seq}-${ids++}`,
  hook_event_name: event,
  timestamp: new Date(t).toISOString(),
  ...(project ? { project_dir: project, cwd: project } : {}),
  ...(typeof data["tool_use_id"] === "string" ? { correlation_id: data["tool_use_id"] } : {}),
  data: { session_id: session, hook_event_name: event, ...data },
});
/** Events `from`, `from + 1`, ... of one session. */
const batch = (from: number, count: number): Envelope[] =>
  Array.from({ length: count }, (_, index) => told({ seq: from + index }));
const seqs = async (store: Store) => (await all(store)).map(({ seq }) => seq);

/** Words of which some begin as others do. */
const VOCABULARY = "tide tidal tides gauge gauges reef reefs reefal pearl buoy sand kelp".split(" ");
const QUESTIONS = 16;
/** Every so many questions one is asked step by step. */
const STEPPED = 6;
type Fits = (words: readonly string[]) => boolean;

/** An event as it was stored. */
type Searched = EventRow & { readonly words: readonly string[] };

/** What a search may be limited to, and what is meant by it. */
const FILTERS: readonly (readonly [Filter, (row: EventRow) => boolean])[] = [
  [{}, () => true],
  [{ session: "b" }, ({ session }) => session === "b"],
  [{ project: "c" }, ({ session }) => session === "c"],
  [{ tool: "bash,none" }, ({ tool }) => tool === "Bash"],
  [{ event: "stop" }, () => false],
  [{ failed: true, project: "/p/a" }, ({ failed, session }) => failed === true && session === "a"],
  [{ failed: false }, ({ failed }) => failed === undefined],
  [{ since: NOW - DAY_MS, until: NOW - 1 }, ({ t }) => t === NOW - DAY_MS],
];

/** What somebody may search for, and which words in a row it is meant to find. */
function question(pick: () => number): readonly [string, Fits] {
  const word = () => VOCABULARY[Math.floor(pick() * VOCABULARY.length)] ?? "";
  const standIn = (words: readonly string[], wanted: readonly string[]) =>
    words.some((_, at) => wanted.every((each, index) => words[at + index] === each));
  const term = (): readonly [string, Fits] => {
    const kind = pick();
    if (kind < 0.5) {
      const one = word();
      return [one, (words) => words.includes(one)];
    }
    if (kind < 0.7) {
      const beginning = word().slice(0, 3);
      return [`${beginning}*`, (words) => words.some((each) => each.startsWith(beginning))];
    }
    const phrase = [word(), word()];
    return [`"${phrase.join(" ")}"`, (words) => standIn(words, phrase)];
  };
  const alternative = (): readonly [string, Fits] => {
    const all = Array.from({ length: 1 + Math.floor(pick() * 3) }, term);
    const without = Array.from({ length: Math.floor(pick() * 2) }, term);
    return [
      [...all.map(([q]) => q), ...without.map(([q]) => `-${q}`)].join(" "),
      (words) => all.every(([, fits]) => fits(words)) && !without.some(([, fits]) => fits(words)),
    ];
  };
  const either = Array.from({ length: 1 + Math.floor(pick() * 2) }, alternative);
  return [either.map(([q]) => q).join(" OR "), (words) => either.some(([, fits]) => fits(words))];
}

const kinds = (appended: Awaited<ReturnType<Store["append"]>>) => appended.outcomes.map(({ kind }) => kind);

export function conformance({ name, open }: Adapter): void {
  describe(`the store on ${name}`, () => {
    test("keeps events in the order in which they came, and gives them as they were sent", async (t) => {
      const { store } = await open(t);
      const sent = [
        told({ seq: 1, data: { deep: { list: [1, null, "ß"] } } }),
        told({ seq: 2 }),
        told({ session: "x", seq: 1 }),
      ];
      const { outcomes, rows, trouble } = await store.append(sent);
      assert.deepEqual([outcomes.length, trouble], [3, undefined]);
      assert.deepEqual(
        rows.map(({ id }) => id),
        sent.map(({ id }) => id),
      );
      assert.deepEqual(await all(store), rows);
      const { n, ...first } = (await store.envelope(sent[0]?.id ?? "")) ?? {};
      assert.deepEqual([first, n], [sent[0], rows[0]?.n]);
      const newestFirst = await store.envelopes({}, { limit: 2 });
      assert.deepEqual(
        newestFirst.map(({ id }) => id),
        [sent[2]?.id, sent[1]?.id],
      );
    });

    test("stores each id once, within a batch, between batches and from another process", async (t) => {
      const { store, again } = await open(t);
      const [one, two] = [told({ seq: 1 }), told({ seq: 2 })];
      assert.deepEqual(kinds(await store.append([one, one])), ["stored", "repeated"]);
      const other = await again();
      assert.deepEqual(kinds(await other.append([one, two])), ["repeated", "stored"]);
      assert.deepEqual(kinds(await store.append([two, one])), ["repeated", "repeated"]);
      assert.equal((await store.figures()).events, 2);
      assert.equal((await store.session("s"))?.events, 2);
    });

    test("gives an event with seq 0 its session's next number, whoever gave the one before", async (t) => {
      const { store, again } = await open(t);
      const other = await again();
      const seqs: (number | undefined)[] = [];
      for (const writer of [store, other, store, other])
        seqs.push((await writer.append([{ ...told({ seq: 1 }), seq: 0 }])).rows[0]?.seq);
      assert.deepEqual(seqs, [1, 2, 3, 4]);
      assert.equal((await store.session("s"))?.gaps, 0);
    });

    test("a reader that goes on after the last position misses no row and sees none twice while several write", async (t) => {
      const { store, again } = await open(t);
      const writers = [store, await again(), await again()];
      const PER_WRITER = 120;
      let writing = writers.length;
      const seen: number[] = [];
      const read = async () => {
        for (let after = 0, last = false; ; ) {
          const rows = await store.rows({}, { after, limit: 7 });
          seen.push(...rows.map(({ n }) => n));
          after = rows.at(-1)?.n ?? after;
          if (rows.length > 0) continue;
          if (last) return;
          last = writing === 0;
          await new Promise((wake) => setImmediate(wake));
        }
      };
      await Promise.all([
        read(),
        ...writers.map(async (writer, index) => {
          for (let seq = 1; seq <= PER_WRITER; seq += 3) {
            const batch = [seq, seq + 1, seq + 2].map((each) => told({ session: `w${index}`, seq: each }));
            assert.deepEqual(kinds(await writer.append(batch)), ["stored", "stored", "stored"]);
            await new Promise((wake) => setImmediate(wake));
          }
          writing--;
        }),
      ]);
      assert.equal(seen.length, PER_WRITER * writers.length);
      assert.deepEqual(
        seen,
        [...new Set(seen)].sort((a, b) => a - b),
      );
      for (const [index] of writers.entries()) assert.equal((await store.session(`w${index}`))?.events, PER_WRITER);
    });

    test("tells listeners of what was committed, in order and once, until they stop", async (t) => {
      const { store } = await open(t);
      const heard: string[] = [];
      const changed: string[] = [];
      const stop = store.subscribe(({ rows, sessions }) => {
        heard.push(...rows.map(({ id }) => id));
        changed.push(...sessions);
      });
      const sent = [told({ seq: 1 }), told({ session: "x", seq: 1 }), told({ seq: 2 })];
      await store.append(sent.slice(0, 2));
      await store.append(sent);
      await store.record([{ session: "x", facts: [{ kind: "branch", t: NOW, branch: "tide" }] }]);
      stop();
      await store.append([told({ seq: 3 })]);
      assert.deepEqual(
        heard,
        sent.map(({ id }) => id),
      );
      assert.deepEqual(new Set(changed), new Set(["s", "x"]));
      assert.equal(changed.at(-1), "x", "a fact changes a session, too");
    });

    test("finds events by what people see: a project's name, a tool in any case, an agent's type, part of an id", async (t) => {
      const { store } = await open(t);
      const tool = { tool_name: "Bash", tool_input: { command: "ls" } };
      await store.append([
        told({ session: "abc-1", seq: 1, event: "PreToolUse", data: tool, project: "/home/dana/code/tidepool" }),
        told({ session: "abd-2", seq: 1, project: "/home/dana/code/reef" }),
        {
          ...told({
            session: "abd-2",
            seq: 2,
            project: "/home/dana/code/reef",
            data: { agent_id: "a1", agent_type: "Explore" },
          }),
          agent_id: "a1",
        },
      ]);
      const found = async (filter: Parameters<Store["rows"]>[0]) =>
        (await store.rows(filter, { limit: 10 })).map(({ session, seq }) => `${session}/${seq}`);
      assert.deepEqual(await found({ project: "tidepool" }), ["abc-1/1"]);
      assert.deepEqual(await found({ project: "/home/dana/code/tidepool" }), ["abc-1/1"]);
      assert.deepEqual(await found({ project: "tide" }), []);
      assert.deepEqual(await found({ tool: "bash" }), ["abc-1/1"]);
      assert.deepEqual(await found({ event: "pretooluse" }), ["abc-1/1"]);
      assert.deepEqual(await found({ agent: "explore" }), ["abd-2/2"]);
      assert.deepEqual(await found({ agent: "a1" }), ["abd-2/2"]);
      assert.deepEqual(await found({ since: NOW + 1 }), []);
      assert.deepEqual(await store.identify("ab"), ["abc-1", "abd-2"]);
      assert.deepEqual(await store.identify("abc"), ["abc-1"]);
      assert.deepEqual(await store.identify("abd-2"), ["abd-2"]);
      assert.deepEqual(await store.identify("%"), []);
      assert.deepEqual((await store.projects()).map(({ name: shown, sessions }) => [shown, sessions]).sort(), [
        ["reef", 1],
        ["tidepool", 1],
      ]);
    });

    test("finds words with the place that was found, and combines words, phrases and beginnings", async (t) => {
      const { store } = await open(t);
      const say = (seq: number, prompt: string) => told({ seq, event: "UserPromptSubmit", data: { prompt } });
      await store.append([
        say(1, "Please mend the Größe of the tide gauge"),
        say(2, "the gauge of the reef"),
        say(3, `${"water ".repeat(200)}gauges ${"more ".repeat(200)}`),
      ]);
      const seqs = async (q: string) => (await store.rows({ q }, { limit: 10 })).map(({ seq }) => seq);
      assert.deepEqual(await seqs("gauge"), [2, 1]);
      assert.deepEqual(await seqs("grosse"), []);
      assert.deepEqual(await seqs("größe"), [1]);
      assert.deepEqual(await seqs("gauge*"), [3, 2, 1]);
      assert.deepEqual(await seqs('"tide gauge"'), [1]);
      assert.deepEqual(await seqs("gauge -tide"), [2]);
      assert.deepEqual(await seqs("reef OR water"), [3, 2]);
      assert.deepEqual(await seqs("*"), []);
      const [long] = await store.rows({ q: "gauges" }, { limit: 1 });
      assert.match(long?.snippet ?? "", new RegExp(`^…[a-z ]+ ${MATCH_OPEN}gauges${MATCH_CLOSE} more [a-z ]+…$`));
      const [whole] = await store.envelopes({ q: "GRÖSSE OR Größe" }, { limit: 1 });
      assert.match(
        whole?.snippet ?? "",
        new RegExp(`Please mend the ${MATCH_OPEN}Größe${MATCH_CLOSE} of the tide gauge$`),
      );
      assert.equal((await store.rows({}, { limit: 1 }))[0]?.snippet, undefined);
    });

    test("finds what words, phrases, beginnings, alternatives, exclusions and filters say, page after page and step by step, in any company", async (t) => {
      const { store } = await open(t);
      const pick = random(11);
      const any = <T>(of: readonly T[]): T => of[Math.floor(pick() * of.length)] as T;
      const stored: Searched[] = [];
      const seqs = new Map<string, number>();
      const sizes = [70, 1, 1, 130, 3, 64, 1, 65];
      for (const size of [...sizes, ...sizes, ...sizes]) {
        const batch = Array.from({ length: size }, () => {
          const session = any(["a", "b", "c"]);
          const seq = (seqs.get(session) ?? 0) + 1;
          seqs.set(session, seq);
          const prompt = Array.from({ length: 1 + Math.floor(pick() * 8) }, () => any(VOCABULARY)).join(" ");
          const failed = pick() < 0.2 ? { error: "no" } : {};
          const data = { prompt, tool_name: any(["Bash", "Read"]), ...failed };
          const t = NOW - Math.floor(pick() * 4) * DAY_MS;
          return told({ session, seq, t, project: `/p/${session}`, event: "PostToolUse", data });
        });
        const { rows } = await store.append(batch);
        for (const [index, row] of rows.entries())
          stored.push({ ...row, words: String(batch[index]?.data["prompt"]).split(" ") });
      }
      for (let asked = 0; asked < QUESTIONS; asked++) {
        const [q, hasWords] = question(pick);
        const [filter, isFitting] = any(FILTERS);
        const limit = any([60, 200]);
        const wanted = stored.filter((each) => isFitting(each) && hasWords(each.words)).map(({ n }) => n);
        const paged = async (range: (last: number | undefined) => Partial<Range>) => {
          const found: number[] = [];
          for (let full = true; full; ) {
            const page = await store.rows({ q, ...filter }, { limit, ...range(found.at(-1)) });
            found.push(...page.map(({ n }) => n));
            full = page.length === limit;
          }
          return found;
        };
        /** In steps that are as short as can be. */
        const stepped = async (range: (last: number | undefined) => Partial<Range>) => {
          const found: number[] = [];
          let last: number | undefined;
          do {
            const { events, reached } = await store.searchRows({ q, ...filter }, { limit, ...range(last) }, 0);
            found.push(...events.map(({ n }) => n));
            const before = last;
            last = reached?.n ?? (events.length === limit ? events.at(-1)?.n : undefined);
            assert.ok(last === undefined || last !== before, "each step goes on");
          } while (last !== undefined);
          return found;
        };
        const said = `${q} ${JSON.stringify(filter)}`;
        const forth = (last = 0) => ({ after: last });
        const back = (last: number | undefined) => ({ before: last });
        if (asked % STEPPED === 0) {
          assert.deepEqual(await stepped(forth), wanted, said);
          assert.deepEqual(await stepped(back), wanted.toReversed(), said);
        } else if (asked % 2 === 0) assert.deepEqual(await paged(forth), wanted, said);
        else assert.deepEqual(await paged(back), wanted.toReversed(), said);
      }
    });

    test("pages through all sessions, the latest first, each once, also while others come", async (t) => {
      const { store } = await open(t);
      const COUNT = 25;
      for (let index = 0; index < COUNT; index++)
        await store.append([
          told({ session: `s${index}`, seq: 1, t: NOW - (index % 5) * 1000, project: `/p/${index % 2}` }),
        ]);
      const seen: string[] = [];
      let next: string | null = null;
      do {
        const page = await store.sessions({ limit: 4, ...(next === null ? {} : { before: next }) });
        if (next === null) assert.equal(page.total, COUNT);
        seen.push(...page.sessions.map(({ id }) => id));
        next = page.next;
        await store.append([told({ session: `new${seen.length}`, seq: 1, t: NOW + 1000 })]);
      } while (next !== null);
      assert.equal(new Set(seen).size, COUNT);
      assert.equal(seen.length, COUNT);
      const half = await store.sessions({ limit: 100, project: "1", since: NOW - 2500, until: NOW });
      assert.ok(half.sessions.every(({ project, lastAt }) => project === "/p/1" && lastAt >= NOW - 2500));
      assert.equal(half.total, half.sessions.length);
      assert.equal((await store.sessions({ limit: 10, q: "s7" })).sessions[0]?.id, "s7");
      assert.equal((await store.sessions({ limit: 10, before: "no cursor", ids: ["s7", "s8", "gone"] })).total, 2);
      assert.deepEqual((await store.sessions({ limit: 10, states: ["lost"] })).sessions, []);
    });

    test("pages through all sessions, the dearest first, each once, those without a cost last", async (t) => {
      const { store } = await open(t);
      const tokens = (output: number) => ({ input: 0, output, cacheRead: 0, cacheWrite: 0 });
      for (let index = 0; index < 12; index++) {
        const session = `s${index}`;
        await store.append([told({ session, seq: 1, t: NOW - index * 1000 })]);
        if (index % 3 === 0) continue;
        const answer = { id: `a${index}`, t: NOW, model: "m", tokens: tokens(1000 * (index % 5) + index) };
        await store.record([{ session, facts: [{ kind: "answers", answers: [answer] }] }]);
      }
      const seen: { readonly id: string; readonly cost: number }[] = [];
      let next: string | null = null;
      do {
        const page = await store.sessions({ limit: 5, order: "cost", ...(next === null ? {} : { before: next }) });
        assert.equal(page.total, 12);
        seen.push(...page.sessions.map(({ id, cost = 0 }) => ({ id, cost })));
        next = page.next;
      } while (next !== null);
      assert.equal(new Set(seen.map(({ id }) => id)).size, 12);
      assert.deepEqual(
        seen.map(({ cost }) => cost),
        seen.map(({ cost }) => cost).toSorted((a, b) => b - a),
      );
      assert.equal(seen.filter(({ cost }) => cost > 0).length, 8);
      const [dearest] = seen;
      const found = await store.sessions({ limit: 1, order: "cost", q: "s" });
      assert.deepEqual(
        found.sessions.map(({ id }) => id),
        [dearest?.id],
      );
      const mixed = await store.sessions({ limit: 5, order: "latest", before: found.next ?? "" });
      assert.ok(mixed.sessions.length > 0, "a cursor of another order is none");
    });

    test("tells the turns of a session, past ones and the open one, with what each took", async (t) => {
      const { store } = await open(t, () => NOW + 10_000);
      const ask = (seq: number, at: number, prompt: string) =>
        told({ seq, event: "UserPromptSubmit", t: NOW + at, data: { prompt } });
      await store.append([
        ask(1, 0, "first"),
        told({ seq: 2, event: "Stop", t: NOW + 2000, data: { last_assistant_message: "done" } }),
      ]);
      await store.append([ask(3, 5000, "second")]);
      const tokens = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
      await store.record([
        { session: "s", facts: [{ kind: "answers", answers: [{ id: "a", t: NOW + 1000, model: "m", tokens }] }] },
      ]);
      const turns = await store.turns("s");
      assert.deepEqual(
        turns.map(({ number, prompt, answer, state, ms, tokens: took }) => [
          number,
          prompt,
          answer,
          state,
          ms.total,
          took?.output,
        ]),
        [
          [1, "first", "done", "done", 2000, 2],
          [2, "second", undefined, "open", 5000, undefined],
        ],
      );
      assert.deepEqual(await store.turns("nobody"), []);
    });

    test("tells a stretch of turns, each with its own tokens and none of those that follow", async (t) => {
      const { store } = await open(t, () => NOW + 60_000);
      const asked = Array.from({ length: 6 }, (_, index) =>
        told({
          seq: index + 1,
          event: "UserPromptSubmit",
          t: NOW + index * 1000,
          data: { prompt: `turn ${index + 1}` },
        }),
      );
      await store.append(asked);
      const tokens = (output: number) => ({ input: 1, output, cacheRead: 0, cacheWrite: 0 });
      const answers = asked.map((_, index) => ({
        id: `a${index}`,
        t: NOW + index * 1000 + 500,
        model: "m",
        tokens: tokens(index + 1),
      }));
      await store.record([{ session: "s", facts: [{ kind: "answers", answers }] }]);
      const shown = async (stretch: { limit?: number; last?: number }) =>
        (await store.turns("s", stretch)).map(({ number, tokens: took }) => [number, took?.output]);
      assert.deepEqual(await shown({ limit: 2 }), [
        [5, 5],
        [6, 6],
      ]);
      assert.deepEqual(await shown({ limit: 2, last: 3 }), [
        [2, 2],
        [3, 3],
      ]);
      assert.deepEqual((await shown({ last: 5 })).at(-1), [5, 5]);
    });

    test("keeps a session's signals with the events that show them, over a restart in the middle", async (t) => {
      const { store, again } = await open(t);
      const failed = (seq: number) =>
        told({
          seq,
          event: "PostToolUseFailure",
          t: NOW + seq * 1000,
          data: {
            tool_name: "Bash",
            tool_input: { command: "make" },
            tool_use_id: `c${seq}`,
            error: "Exit code 2\nno",
          },
        });
      await store.append([
        told({ seq: 1, event: "UserPromptSubmit", data: { prompt: "make it" } }),
        failed(2),
        failed(3),
      ]);
      assert.equal((await store.session("s"))?.signals, undefined);
      const other = await again();
      const events = [failed(4), failed(5)];
      await other.append(events);
      const { sessions } = await other.sessions({ limit: 10 });
      const [signal, ...more] = sessions[0]?.signals ?? [];
      assert.deepEqual(more, []);
      assert.deepEqual((await other.session("s"))?.signals, [signal]);
      assert.deepEqual(
        [signal?.code, signal?.count, signal?.turn, signal?.since, signal?.until],
        ["repeated_failure", 4, 1, NOW + 2000, NOW + 5000],
      );
      for (const id of signal?.evidence ?? []) assert.ok(await other.envelope(id));
      assert.equal(signal?.evidence.at(-1), events[1]?.id);
      await other.append([
        told({ session: "calm", seq: 1, event: "UserPromptSubmit", data: { prompt: 'say "signals":[{' } }),
      ]);
      const found = async (signals: boolean) => {
        const page = await other.sessions({ limit: 10, signals });
        return [page.total, page.sessions.map(({ id }) => id)];
      };
      assert.deepEqual(
        [await found(true), await found(false)],
        [
          [1, ["s"]],
          [1, ["calm"]],
        ],
      );
    });

    test("counts an answer once in the whole store, with its largest counts, in the span in which it was given", async (t) => {
      const { store } = await open(t);
      await store.append([told({ seq: 1, t: NOW - 10 * DAY_MS }), told({ seq: 2 }), told({ session: "fork", seq: 1 })]);
      const tokens = (output: number) => ({ input: 10, output, cacheRead: 0, cacheWrite: 5, cacheWriteHour: 2 });
      const answer = (id: string, at: number, output: number) => ({ id, t: at, model: "m", tokens: tokens(output) });
      const learn = (session: string, ...answers: ReturnType<typeof answer>[]) =>
        store.record([{ session, facts: [{ kind: "answers", answers }] }]);
      await learn("s", answer("old", NOW - 9 * DAY_MS, 7), answer("a", NOW, 1));
      await learn("s", answer("a", NOW, 9), answer("a", NOW, 4));
      await learn("fork", answer("old", NOW, 7));
      const found = (await Array.fromAsync(store.answers({ since: 0, until: NOW }))).flat();
      assert.deepEqual(
        found.map(({ id, session, tokens: { output } }) => [id, session, output]),
        [
          ["old", "s", 7],
          ["a", "s", 9],
        ],
      );
      const sums = async (since: number) =>
        (await store.statistics({ since, until: NOW + 1 })).tokens.map(({ session, output }) => [session, output]);
      assert.deepEqual(await sums(NOW - DAY_MS), [["s", 9]]);
      assert.deepEqual(await sums(0), [["s", 16]]);
      assert.deepEqual((await store.session("s"))?.tokens, {
        ...tokens(16),
        input: 20,
        cacheWrite: 10,
        cacheWriteHour: 4,
        model: "m",
      });
    });

    test("keeps a bookmark with the facts it belongs to, and passes over facts about what is not stored", async (t) => {
      const { store, again } = await open(t);
      await store.append([told({ seq: 1 })]);
      const fact = { kind: "branch", t: NOW, branch: "tide" } as const;
      const trouble = await store.record([
        { session: "s", facts: [fact], bookmark: { name: "file", value: "7" } },
        { session: "nobody", facts: [fact], bookmark: { name: "other", value: "7" } },
      ]);
      assert.equal(trouble, undefined);
      const other = await again();
      assert.equal((await other.session("s"))?.branch, "tide");
      assert.deepEqual([await other.bookmark("file"), await other.bookmark("other")], ["7", undefined]);
    });

    test("what is too old goes from every place, and nothing is missing or said of it afterwards", async (t) => {
      const { store } = await open(t);
      const prompt = (session: string, seq: number, at: number, text: string) =>
        told({ session, seq, t: at, event: "UserPromptSubmit", data: { prompt: text } });
      const failed = (seq: number, at: number, command: string) => {
        const data = { tool_name: "Bash", tool_input: { command }, tool_use_id: `c${seq}`, error: "Exit code 2\nno" };
        return told({ session: "long", seq, t: at, event: "PostToolUseFailure", data });
      };
      await store.append([
        prompt("old", 1, NOW - 20 * DAY_MS, "ancient secret"),
        prompt("long", 1, NOW - 20 * DAY_MS, "ancient start"),
        ...[2, 3, 4].map((seq) => failed(seq, NOW - 20 * DAY_MS, "make ancient")),
        prompt("long", 5, NOW, "young"),
        ...[6, 7, 8].map((seq) => failed(seq, NOW, "make young")),
      ]);
      assert.equal((await store.session("long"))?.signals?.length, 2);
      const tokens = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 };
      for (const session of ["old", "long"])
        await store.record([
          {
            session,
            facts: [{ kind: "answers", answers: [{ id: session, t: NOW - 20 * DAY_MS, model: "m", tokens }] }],
          },
        ]);
      let removed = { events: 0, sessions: 0, answers: 0 };
      for (let step = removed; ; ) {
        step = await store.retain({ ...NO_LIMITS, before: NOW - DAY_MS });
        if (step.events + step.answers === 0) break;
        removed = {
          events: removed.events + step.events,
          sessions: removed.sessions + step.sessions,
          answers: removed.answers + step.answers,
        };
      }
      assert.deepEqual(removed, { events: 5, sessions: 1, answers: 2 });
      assert.deepEqual(await store.rows({ q: "ancient" }, { limit: 10 }), []);
      const { sessions } = await store.sessions({ limit: 10 });
      assert.deepEqual(
        sessions.map(({ id }) => id),
        ["long"],
      );
      assert.doesNotMatch(JSON.stringify([sessions, await store.turns("long")]), /ancient/);
      assert.deepEqual(
        sessions[0]?.signals?.map((signal) => signal.code === "repeated_failure" && signal.text),
        ["make young"],
      );
      assert.deepEqual((await store.sessions({ limit: 10, q: "ancient" })).sessions, []);
      assert.deepEqual((await Array.fromAsync(store.answers({ since: 0, until: NOW }))).flat(), []);
      assert.equal((await store.figures()).gaps, 0);
      await store.append([prompt("old", 2, NOW, "again")]);
      assert.equal((await store.session("old"))?.gaps, 0, "what was removed is not lost");
    });

    test("beyond its size the oldest go, and a consumer that had not read them is told how many it missed", async (t) => {
      const { store } = await open(t);
      const rows = [];
      for (let seq = 1; seq <= 40; seq++)
        rows.push(
          ...(
            await store.append([
              told({ session: `s${seq % 4}`, seq: Math.ceil(seq / 4), data: { pad: "x".repeat(500) } }),
            ])
          ).rows,
        );
      await store.advance("forwarder", rows[9]?.n ?? 0);
      await store.advance("done", rows[39]?.n ?? 0);
      const before = (await store.figures()).events;
      while ((await store.figures()).events > 20)
        assert.ok((await store.retain({ before: 0, maxBytes: 1 })).events > 0);
      const { events } = await store.figures();
      const missed = Object.fromEntries((await store.consumers()).map((one) => [one.name, one.missed]));
      assert.deepEqual(missed, { done: 0, forwarder: before - events - 10 });
      assert.equal((await all(store))[0]?.n, rows[before - events]?.n, "the oldest went");
      await store.dismiss("done");
      assert.deepEqual(
        (await store.consumers()).map(({ name: shown }) => shown),
        ["forwarder"],
      );
    });

    test("forgets a session, a project and a time at once, and says what it removed", async (t) => {
      const { store, again } = await open(t);
      for (let index = 0; index < 6; index++)
        await store.append([
          told({
            session: `s${index}`,
            seq: 1,
            t: NOW - index * DAY_MS,
            project: `/p/${index < 2 ? "a" : "b"}`,
            data: { word: "pearl" },
          }),
        ]);
      await store.advance("forwarder", 0);
      assert.deepEqual(await store.forget({ session: "s0" }), { events: 1, sessions: 1, answers: 0 });
      assert.deepEqual(await store.forget({ session: "s0" }), { events: 0, sessions: 0, answers: 0 });
      assert.deepEqual(await store.forget({ project: "a" }), { events: 1, sessions: 1, answers: 0 });
      assert.deepEqual(await store.forget({ before: NOW - 3.5 * DAY_MS }), { events: 2, sessions: 2, answers: 0 });
      assert.equal((await store.consumers())[0]?.missed, 0, "what a person asked to be gone is missed by nobody");
      const other = await again();
      assert.deepEqual(
        (await other.rows({ q: "pearl" }, { limit: 10 })).map(({ session }) => session),
        ["s3", "s2"],
      );
      assert.deepEqual(
        (await other.projects()).map(({ name: shown }) => shown),
        ["b"],
      );
      await other.append([told({ session: "s0", seq: 2, t: NOW })]);
      assert.deepEqual([(await other.session("s0"))?.gaps, (await other.session("s0"))?.events], [0, 1]);
    });

    test("one that can never be stored is refused alone", async (t) => {
      const { store } = await open(t);
      let deep: unknown = "deep";
      for (let level = 0; level < 20_000; level++) deep = [deep];
      const appended = await store.append([told({ seq: 1 }), told({ seq: 2, data: { deep } }), told({ seq: 3 })]);
      assert.deepEqual(kinds(appended), ["stored", "refused", "stored"]);
      assert.equal((await store.figures()).events, 2);
    });

    test("a span counts what happened in it, for a project, too", async (t) => {
      const { store } = await open(t);
      const call = (session: string, seq: number, at: number, project: string) => [
        told({
          session,
          seq,
          t: at,
          event: "PreToolUse",
          data: { tool_name: "Read", tool_use_id: `t${seq}` },
          project,
        }),
        told({
          session,
          seq: seq + 1,
          t: at + 100,
          event: "PostToolUse",
          data: {
            tool_name: "Read",
            tool_use_id: `t${seq}`,
            duration_ms: 100,
            tool_input: { file_path: `${project}/f` },
          },
          project,
        }),
      ];
      await store.append([
        ...call("a", 1, NOW - 5 * DAY_MS, "/p/a"),
        ...call("a", 3, NOW, "/p/a"),
        ...call("b", 1, NOW, "/p/b"),
        ...call("around", 1, NOW - 9 * DAY_MS, "/p/b"),
        ...call("around", 3, NOW + 9 * DAY_MS, "/p/b"),
      ]);
      const day = await store.statistics({ since: NOW - DAY_MS, until: NOW + DAY_MS });
      assert.deepEqual([day.events, day.sessions, day.calls, day.files.length], [4, 2, 2, 2]);
      const ofA = await store.statistics({ since: 0, until: NOW + DAY_MS, project: "a" });
      assert.deepEqual([ofA.events, ofA.sessions, ofA.calls, ofA.slowest.length], [4, 1, 2, 2]);
    });

    test("what was counted is counted anew when events of that time come late, find their project, or go", async (t) => {
      const { store, again } = await open(t);
      const hour = NOW - 30 * HOUR_MS;
      const read = (session: string, seq: number, at: number, ms: number, project?: string) =>
        told({
          session,
          seq,
          t: at,
          event: "PostToolUse",
          data: {
            tool_name: "Read",
            tool_use_id: `${session}${seq}`,
            duration_ms: ms,
            tool_input: { file_path: `/f/${session}` },
          },
          ...(project === undefined ? {} : { project }),
        });
      const counted = async (project?: string, of = store) => {
        const { events, calls, tools, files, slowest, activity } = await of.statistics({
          since: NOW - 2 * DAY_MS,
          until: NOW,
          project,
        });
        assert.equal(
          activity.events.reduce((sum, count) => sum + count, 0),
          events,
        );
        assert.equal(slowest.length, calls);
        assert.equal(
          tools[0]?.histogram.reduce((sum, count) => sum + count, 0),
          calls,
        );
        return [
          calls,
          tools[0]?.max,
          files
            .map(({ file, reads }) => `${file} ${reads}`)
            .sort()
            .join(),
        ];
      };
      await store.append([read("a", 1, hour, 10, "/p/a"), read("b", 1, hour + 1000, 30)]);
      for (const _ of ["first", "again"]) {
        assert.deepEqual(await counted(), [2, 30, "/f/a 1,/f/b 1"]);
        assert.deepEqual(await counted("a"), [1, 10, "/f/a 1"]);
      }
      await store.append([read("a", 2, hour + 2000, 50, "/p/a")]); // late
      assert.deepEqual(await counted(), [3, 50, "/f/a 2,/f/b 1"]);
      await store.append([read("b", 2, NOW - 1000, 70, "/p/b")]); // now it is known where it was
      assert.deepEqual(await counted("b"), [2, 70, "/f/b 2"]);
      const other = await again();
      await other.append([read("b", 3, hour + 3000, 90, "/p/b")]); // by another process
      assert.deepEqual(await counted("b"), [3, 90, "/f/b 3"]);
      assert.deepEqual(await counted("b", other), [3, 90, "/f/b 3"]);
      await store.forget({ session: "a" });
      assert.deepEqual(await counted(), [3, 90, "/f/b 3"]);
      while ((await store.retain({ ...NO_LIMITS, before: NOW - DAY_MS })).events > 0);
      assert.deepEqual(await counted(), [1, 70, "/f/b 1"]);
    });

    test("counts how long people were waited for, by kind and by what asked, in the span and in the project alone", async (t) => {
      const { store } = await open(t);
      const asked = (session: string, from: number, project: string) => {
        const event = (seq: number, s: number, name: string, data: Record<string, unknown>) =>
          told({ session, seq, event: name, t: from + s * 1000, data, project });
        const tool = (name: string, id: string) => ({ tool_name: name, tool_use_id: id, tool_input: {} });
        return [
          event(1, 0, "UserPromptSubmit", { prompt: "go" }),
          event(2, 1, "PreToolUse", tool("Bash", "a")),
          event(3, 2, "PermissionRequest", { tool_name: "Bash", tool_input: {} }),
          event(4, 12, "PostToolUse", { ...tool("Bash", "a"), duration_ms: 0 }),
          event(5, 20, "PreToolUse", tool("AskUserQuestion", "q")),
          event(6, 25, "PostToolUse", { ...tool("AskUserQuestion", "q"), duration_ms: 5000 }),
          event(7, 30, "PreToolUse", tool("Bash", "b")),
          event(8, 31, "PermissionRequest", { tool_name: "Bash", tool_input: {} }),
        ];
      };
      await store.append([
        ...asked("a", NOW, "/p/a"),
        ...asked("b", NOW, "/p/b"),
        ...asked("old", NOW - DAY_MS, "/p/a"),
      ]);
      const waits = async (span: Partial<Span>) =>
        (await store.statistics({ since: NOW, until: NOW + DAY_MS, ...span })).waits.map(
          ({ kind, tool, count, total }) => [kind, tool, count, total] as const,
        );
      assert.deepEqual(await waits({ project: "a" }), [
        ["permission", "Bash", 1, 10_000],
        ["question", "AskUserQuestion", 1, 5000],
      ]);
      assert.deepEqual(await waits({}), [
        ["permission", "Bash", 2, 20_000],
        ["question", "AskUserQuestion", 2, 10_000],
      ]);
      await store.forget({ session: "b" });
      await store.retain({ ...NO_LIMITS, before: NOW - 1 });
      assert.deepEqual(await waits({ since: 0 }), [
        ["permission", "Bash", 1, 10_000],
        ["question", "AskUserQuestion", 1, 5000],
      ]);
    });

    test("while another holds it a batch waits or is refused whole as busy, and is stored once in the end", async (t) => {
      const { store, faults } = await open(t);
      await store.append(batch(1, 2));
      const release = await faults.hold();
      const held = batch(3, 2);
      const waiting = Promise.all([store.append(held), store.record([{ session: "s", facts: [] }])]);
      await Promise.race([waiting, sleep(HELD_MS)]);
      await release();
      const [appended, trouble] = await waiting;
      assert.match(trouble?.code ?? "recorded", /^(store_busy|recorded)$/);
      if (appended.trouble) {
        assert.deepEqual([appended.outcomes, appended.trouble.code], [[], "store_busy"]);
        assert.deepEqual(kinds(await store.append(held)), ["stored", "stored"]);
      } else assert.deepEqual(kinds(appended), ["stored", "stored"]);
      assert.deepEqual(kinds(await store.append(held)), ["repeated", "repeated"]);
      assert.deepEqual(await seqs(store), [1, 2, 3, 4]);
    });

    test("a full disk refuses a batch whole, with its code; with room again all of it is stored once", async (t) => {
      const { store, again, faults } = await open(t);
      await store.append(batch(1, 1));
      const empty = await faults.fill();
      let stored = 1;
      let refused: Envelope[] | undefined;
      while (!refused && stored < MOST_UNTIL_FULL) {
        const sent = batch(stored + 1, PER_BATCH);
        const { outcomes, trouble } = await store.append(sent);
        if (!trouble) stored += PER_BATCH;
        else {
          assert.deepEqual([outcomes, trouble.code], [[], "store_full"]);
          refused = sent;
        }
      }
      assert.ok(refused, "it was never full");
      assert.equal((await store.figures()).events, stored);
      await empty();
      assert.deepEqual(new Set(kinds(await store.append(refused))), new Set(["stored"]));
      const other = await again();
      assert.equal((await other.figures()).events, stored + PER_BATCH);
      assert.equal((await other.session("s"))?.gaps, 0);
    });

    test("killed in the middle of batches it holds whole batches, and all that were acknowledged", async (t) => {
      const { again, faults } = await open(t);
      const program = `
        import { envelope } from ${JSON.stringify(join(ROOT, "test/process/trust/monitor.ts"))};
        ${faults.program}
        for (let from = 1; ; from += ${PER_BATCH}) {
          const { outcomes } = await store.append(Array.from({ length: ${PER_BATCH} }, (_, index) => envelope(from + index)));
          process.stdout.write(from + outcomes.length - 1 + "\\n");
        }`;
      for (let round = 0; round < 3; round++) {
        const child = spawn(NODE, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
        let said = "";
        child.stdout.on("data", (chunk: Buffer) => {
          said += chunk;
          if (said.split("\n").length > 3 + round * 4) child.kill("SIGKILL");
        });
        await once(child, "exit");
        const acknowledged = Number(said.trim().split("\n").at(-1));
        const store = await again();
        const { events } = await store.figures();
        assert.ok(events >= acknowledged && events % PER_BATCH === 0, `${events} kept, ${acknowledged} acknowledged`);
        assert.equal((await store.session("s"))?.events, events, "the session has seen as many");
      }
    });
  });
}
