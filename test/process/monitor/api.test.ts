// Every route of the API: what it gives, and what it says of parameters that it does not understand.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Envelope } from "../../../src/contract/envelope.ts";
import type { EventRow } from "../../../src/contract/row.ts";
import type { SessionSummary } from "../../../src/contract/session.ts";
import type { Statistics } from "../../../src/contract/statistics.ts";
import { TIME_EXPECTED } from "../../../src/contract/time.ts";
import { envelope, runMonitor } from "../trust/monitor.ts";

const COUNT = 250;
type Page = { events: (Envelope & EventRow)[]; next: { before: number | null; after: number | null } };

/** Event number `seq` of session a or b: tools, a subagent, failures, and texts to be searched for. */
function event(seq: number): Envelope {
  const session = seq % 2 === 0 ? "a" : "b";
  const failed = seq % 10 === 0;
  const texts = [
    "grüße aus Köln",
    'say "hello" AND (OR) NOT NEAR * ^ :',
    "src/monitor/store.ts",
    "日本語 text",
    "plain",
  ];
  return {
    ...envelope(Math.ceil(seq / 2), {
      session,
      tool_name: seq % 3 === 0 ? "Bash" : "Read",
      tool_input: { command: `${texts[seq % texts.length]} number${seq}`, file_path: `/p/file-${seq % 4}` },
      duration_ms: seq,
    }),
    id: `id-${seq}`,
    timestamp: new Date(Date.UTC(2026, 0, 1) + seq * 60_000).toISOString(),
    hook_event_name: failed ? "PostToolUseFailure" : "PostToolUse",
    project_dir: session === "a" ? "/project/a" : "/project/b",
    ...(seq % 5 === 0 ? { agent_id: "agent-1" } : {}),
  };
}

test("the API", async (t) => {
  // Its events are of a fixed day, and must not be forgotten for their age.
  const monitor = await runMonitor(t, { config: { monitor: { retentionMs: Number.MAX_SAFE_INTEGER } } });
  const get = async <T>(path: string): Promise<T> => {
    const answer = await monitor.ask(path);
    assert.equal(answer.status, 200, `${path}: ${answer.status}`);
    return (await answer.json()) as T;
  };
  const ids = async (query: string) =>
    (await get<Page>(`/api/events?view=rows&limit=1000&${query}`)).events.map(({ id }) => id);
  const where = (holds: (one: Envelope) => boolean) =>
    Array.from({ length: COUNT }, (_, index) => event(index + 1))
      .filter(holds)
      .map(({ id }) => id)
      .reverse();

  for (let seq = 1; seq <= COUNT; seq += 50)
    await monitor.store(...Array.from({ length: 50 }, (_, index) => event(seq + index)));

  await t.test("gives the newest hundred, then page by page to the oldest, each once", async () => {
    const seen: string[] = [];
    let [before, pages]: [number | null, number] = [null, 0];
    do {
      const page: Page = await get(`/api/events?view=rows${before === null ? "" : `&before=${before}`}`);
      seen.push(...page.events.map(({ id }) => id));
      before = page.next.before;
      pages++;
    } while (before !== null);
    assert.deepEqual(
      seen,
      where(() => true),
    );
    assert.equal(pages, 3);
  });

  await t.test(
    "gives what came after a cursor, oldest first, to the newest, and then nothing until more comes",
    async () => {
      const seen: string[] = [];
      let after = 0;
      for (;;) {
        const page: Page = await get(`/api/events?view=rows&limit=60&after=${after}`);
        seen.push(...page.events.map(({ id }) => id));
        assert.ok(page.next.after !== null && page.next.after >= after);
        after = page.next.after;
        if (page.events.length === 0) break;
      }
      assert.deepEqual(seen, where(() => true).reverse());
      const between: Page = await get("/api/events?view=rows&after=10&before=14");
      assert.deepEqual(
        between.events.map(({ n }) => n),
        [11, 12, 13],
      );
    },
  );

  await t.test("gives envelopes as they came, with their cursor; one by its id", async () => {
    const { events } = await get<Page>("/api/events?limit=1");
    const { n, ...whole } = events[0] as Envelope & EventRow;
    assert.deepEqual(whole, event(COUNT));
    assert.equal(n, COUNT);
    assert.deepEqual(await get("/api/events/id-7"), { ...event(7), n: 7 });
  });

  await t.test(
    "filters by session, event, tool, agent, project, failure and time, and by several at once",
    async () => {
      const at = (seq: number) => Date.parse(event(seq).timestamp);
      assert.deepEqual(
        await ids("session=a"),
        where(({ session_id: session }) => session === "a"),
      );
      assert.deepEqual(
        await ids("event=PostToolUseFailure"),
        where(({ hook_event_name: name }) => name === "PostToolUseFailure"),
      );
      assert.deepEqual(
        await ids("tool=Bash"),
        where(({ data }) => data["tool_name"] === "Bash"),
      );
      assert.deepEqual(
        await ids("agent=agent-1"),
        where(({ agent_id: agent }) => agent === "agent-1"),
      );
      assert.deepEqual(
        await ids("project=%2Fproject%2Fb"),
        where(({ project_dir: project }) => project === "/project/b"),
      );
      assert.deepEqual(
        await ids("failed=1"),
        where(({ hook_event_name: name }) => name === "PostToolUseFailure"),
      );
      assert.deepEqual(
        await ids("failed=0"),
        where(({ hook_event_name: name }) => name !== "PostToolUseFailure"),
      );
      assert.deepEqual(
        await ids(`since=${at(100)}&until=${at(110)}`),
        where(({ timestamp }) => Date.parse(timestamp) >= at(100) && Date.parse(timestamp) <= at(110)),
      );
      assert.deepEqual(await ids(`since=${event(249).timestamp}`), ["id-250", "id-249"]);
      assert.deepEqual(await ids("session=a&failed=1&tool=Bash&q=number30"), ["id-30"]);
      assert.deepEqual(await ids("session=none"), []);
      assert.equal((await ids("session=&tool=&q=")).length, COUNT, "empty is as good as absent");
    },
  );

  await t.test(
    "finds words, beginnings, phrases and other scripts, and takes the search language's signs for what they are",
    async () => {
      const search = (words: string) => ids(`q=${encodeURIComponent(words)}`);
      assert.deepEqual(await search("number123"), ["id-123"]);
      assert.deepEqual(await search("number12"), ["id-12"], "words are found whole");
      assert.deepEqual(await search("nu*"), [], "two letters are no beginning");
      assert.deepEqual(await search("number12*"), [
        "id-129",
        "id-128",
        "id-127",
        "id-126",
        "id-125",
        "id-124",
        "id-123",
        "id-122",
        "id-121",
        "id-120",
        "id-12",
      ]);
      assert.deepEqual(await search('"number12*"'), ["id-12"], "a phrase is no beginning");
      assert.deepEqual(await search("GRUSSE"), [], "ß is no ss");
      assert.equal((await search("grusse köln")).length, 0);
      assert.equal((await search("Grüße koln")).length, 50, "without regard to case and accents");
      assert.equal((await search("日本語")).length, 50);
      assert.equal((await search('"say hello"')).length, 50);
      assert.equal((await search("src/monitor/store.ts")).length, 50);
      for (const words of [
        'say "hello" AND (OR) NOT NEAR * ^ :',
        "AND",
        "NOT hello",
        'hello"',
        "(",
        "hello OR plain",
        "text:hello",
        "he*",
        "-hello",
        "a\u0000b",
        "'; DROP TABLE event; --",
        "NEAR(say hello)",
        "{text}: x",
        "^say",
      ])
        assert.ok(Array.isArray(await search(words)), words);
      assert.equal((await search("hello OR nowhere")).length, 50, "either");
      assert.deepEqual(await search("hello NOT say"), [], "one without the other");
      assert.deepEqual(await search("hello -say"), []);
      assert.deepEqual(await search("hello or plain"), [], "a word like any other in small letters");
      assert.deepEqual(await search("* ( ) ^"), [], "nothing to be searched for finds nothing");
      assert.equal((await ids("")).length, COUNT);
    },
  );

  await t.test("gives sessions with what they are doing, the latest first; one by its id", async () => {
    const { sessions } = await get<{ sessions: SessionSummary[] }>("/api/sessions");
    assert.deepEqual(
      sessions.map(({ id, events, failures, project }) => [id, events, failures, project]),
      [
        ["a", 125, 25, "/project/a"],
        ["b", 125, 0, "/project/b"],
      ],
    );
    assert.equal((await get<{ sessions: unknown[] }>("/api/sessions?limit=1")).sessions.length, 1);
    const { id, gaps, pulse, state } = await get<SessionSummary>("/api/sessions/a");
    assert.deepEqual([id, gaps, pulse.length, state], ["a", 0, 30, "working"]);
  });

  await t.test("gives sessions by their ids, by several states, by cost and length", async () => {
    const found = async (query: string) =>
      (await get<{ sessions: SessionSummary[] }>(`/api/sessions?${query}`)).sessions.map((session) => session.id);
    assert.deepEqual(await found("id=b,nobody"), ["b"]);
    assert.deepEqual(await found("state=working,idle"), ["a", "b"]);
    assert.deepEqual(await found("state=ended,lost"), []);
    assert.deepEqual(await found("minMs=1000"), ["a", "b"]);
    assert.deepEqual(await found("minMs=999999999999"), []);
    assert.deepEqual(await found("minCost=0.01"), []);
    assert.equal((await monitor.ask("/api/sessions?state=working,busy")).status, 400);
    assert.equal((await monitor.ask("/api/sessions?minCost=much")).status, 400);
  });

  await t.test("gives statistics of a time span, and of one project of it", async () => {
    const span = `since=${event(1).timestamp}&until=${event(COUNT).timestamp}`;
    const all = await get<Statistics>(`/api/stats?${span}`);
    assert.deepEqual([all.events, all.sessions, all.calls, all.failures], [COUNT, 2, COUNT, 25]);
    assert.equal(
      all.activity.events.reduce((sum, count) => sum + count, 0),
      COUNT,
    );
    const bash = all.tools.find(({ tool }) => tool === "Bash");
    assert.deepEqual([bash?.calls, bash?.failures, bash?.max], [83, 8, 249]);
    assert.equal(
      bash?.histogram.reduce((sum, count) => sum + count, 0),
      83,
    );
    assert.deepEqual(
      all.slowest.slice(0, 2).map(({ id }) => id),
      ["id-250", "id-249"],
    );
    assert.equal(all.files.length, 4);
    const one = await get<Statistics>(`/api/stats?${span}&project=${encodeURIComponent("/project/a")}`);
    assert.deepEqual([one.events, one.sessions, one.failures], [125, 1, 25]);
    assert.equal((await get<Statistics>("/api/stats?since=2020-01-01&until=2020-01-02")).events, 0);
  });

  await t.test("gives metrics that a Prometheus server reads", async () => {
    const answer = await monitor.ask("/metrics");
    assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    for (const line of text.trim().split("\n"))
      assert.match(line, /^(# (HELP|TYPE) mpm_[a-z_]+ .+|mpm_[a-z_]+(\{([a-z]+="([^"\\]|\\.)*",?)+\})? -?[\d.e+-]+)$/);
    assert.match(text, new RegExp(`^mpm_store_events ${COUNT}$`, "m"));
    assert.match(text, new RegExp(`^mpm_events_stored_total ${COUNT}$`, "m"));
  });

  const BAD: readonly (readonly [path: string, message: string])[] = [
    ["/api/events?limit=0", 'limit: expected a whole number from 1 to 1000, received "0"'],
    ["/api/events?limit=1001", 'limit: expected a whole number from 1 to 1000, received "1001"'],
    ["/api/events?limit=ten", 'limit: expected a whole number from 1 to 1000, received "ten"'],
    ["/api/events?limit=1e2", 'limit: expected a whole number from 1 to 1000, received "1e2"'],
    ["/api/events?after=-1", 'after: expected a whole number from 0 to 9007199254740991, received "-1"'],
    [
      "/api/events?before=99999999999999999999",
      'before: expected a whole number from 0 to 9007199254740991, received "99999999999999999999"',
    ],
    ["/api/events?since=lately", `since: expected ${TIME_EXPECTED}, received "lately"`],
    ["/api/events?failed=maybe", 'failed: expected 1 or 0 or true or false, received "maybe"'],
    ["/api/events?view=list", 'view: expected rows or events, received "list"'],
    [
      `/api/events?session=${"x".repeat(257)}`,
      `session: expected at most 256 characters, received "${"x".repeat(40)}…"`,
    ],
    [`/api/events?q=${"x".repeat(1001)}`, `q: expected at most 1000 characters, received "${"x".repeat(40)}…"`],
    [
      "/api/events?sesion=a",
      '(parameters): expected one of session, event, tool, agent, project, q, failed, since, until, limit, after, before, view, withinMs, received "sesion"',
    ],
    ["/api/sessions?limit=x", 'limit: expected a whole number from 1 to 1000, received "x"'],
    ["/api/sessions?before=abc", "before: expected `next` of an earlier answer"],
    [
      `/api/sessions?before=${Buffer.from("1.5 a").toString("base64url")}`,
      "before: expected `next` of an earlier answer",
    ],
    ["/api/sessions/a/messages?before=abc", 'before: expected a cursor of an earlier answer, received "abc"'],
    ["/api/sessions/a?limit=1", '(parameters): expected no parameters, received "limit"'],
    ["/api/stats?until=never", `until: expected ${TIME_EXPECTED}, received "never"`],
    ["/api/stats?since=2026-01-02&until=2026-01-01", "since: expected a time that is not after until"],
  ];
  await t.test("answers 400 to a parameter that it does not understand, by name, expected and received", async () => {
    for (const [path, message] of BAD) {
      const answer = await monitor.ask(path);
      assert.deepEqual(
        [path, answer.status, await answer.json()],
        [path, 400, { error: { code: "bad_query", message } }],
      );
    }
  });

  await t.test("answers what is not there by 404, another method by 405, in words", async () => {
    const says = async (path: string, status: number, message: RegExp, init?: RequestInit) => {
      const answer = await monitor.ask(path, init);
      assert.deepEqual([path, answer.status], [path, status]);
      assert.match(((await answer.json()) as { error: { message: string } }).error.message, message);
    };
    await says("/api/events/unknown", 404, /no event has the id unknown/);
    await says("/api/sessions/unknown", 404, /no session has the id unknown/);
    await says("/api/nothing", 404, /there is nothing at \/api\/nothing/);
    await says("/api/events/a/b", 404, /there is nothing/);
    await says("/api/sessions/%ff", 400, /not well-formed/);
    await says("/api/events", 405, /expected GET, POST, received DELETE/, { method: "DELETE" });
    assert.equal((await monitor.ask("/api/events", { method: "DELETE" })).headers.get("allow"), "GET, POST");
    await says("/api/stats", 405, /expected GET, received POST/, { method: "POST" });
    await says("/api/login-code", 405, /expected POST, received GET/);
    await says("/health", 405, /expected GET, received POST/, { method: "POST" });
    assert.equal((await monitor.ask("/api/events", { method: "HEAD" })).status, 200);
  });
});
