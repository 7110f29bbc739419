// Turns as OpenTelemetry traces: sessions of the real host through a real store to a collector that records, over protobuf and
// JSON; and what becomes of them when that collector is away, slow, or says no.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { pino } from "pino";
import { loadConfig } from "../../../src/config/config.ts";
import type { Envelope } from "../../../src/contract/envelope.ts";
import type { OtlpOptions } from "../../../src/export/otlp.ts";
import { type Exporting, startExport } from "../../../src/export/start.ts";
import { pricedTurns } from "../../../src/monitor/cost.ts";
import { openPrices } from "../../../src/prices/prices.ts";
import type { Store } from "../../../src/store/port.ts";
import { recording } from "../../browser/recordings.ts";
import { openTestStore } from "../../unit/store/open.ts";
import { tempWorld, until } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";
import { type Collector, type Span, startCollector, TAKE } from "./collector.ts";

const silent = pino({ level: "silent" });
const START = Date.now() - 3_600_000;

interface Scene {
  readonly store: Store;
  readonly collector: Collector;
  readonly exporting: Exporting;
  /** Ends the exporter and starts another. */
  again(): Promise<Exporting>;
  /** Until all that is stored is exported; the spans that were taken. */
  settled(): Promise<Span[]>;
}

/** As the monitor prices turns, by the list that comes with mpm. */
const pricedIn =
  (store: Store): OtlpOptions["priced"] =>
  (session, turns) =>
    pricedTurns({ store, prices: openPrices({}), until: Date.now() }, session, turns);

const statusOf = async (exporting: Exporting) => (await exporting.status()) ?? assert.fail("nothing is exported");

async function scene(t: TestContext, env: Record<string, string> = {}, isOpen = true): Promise<Scene> {
  const { env: world, home, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { mode: 0o700 });
  const collector = await startCollector(t);
  if (!isOpen) await collector.close();
  const store = openTestStore(t, mpmHome);
  const config = loadConfig({ ...world, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env }, home);
  const start = async (): Promise<Exporting> => {
    const started = await startExport({
      config,
      store,
      log: silent,
      now: Date.now,
      priced: pricedIn(store),
      settleMs: 0,
      firstDelayMs: 5,
    });
    assert.ok(started);
    return started;
  };
  let exporting = await start();
  t.after(() => exporting.close());
  return {
    store,
    collector,
    exporting,
    async again() {
      await exporting.close();
      exporting = await start();
      return exporting;
    },
    async settled() {
      await until(async () => (await statusOf(exporting)).waiting === 0, 20_000, "the export");
      return collector.spans();
    },
  };
}

async function append(store: Store, events: readonly Envelope[]): Promise<void> {
  for (let at = 0; at < events.length; at += 500) {
    const { trouble } = await store.append(events.slice(at, at + 500));
    assert.equal(trouble, undefined);
  }
}

const named = (spans: readonly Span[], name: string) => spans.filter((span) => span.name === name);
const one = (spans: readonly Span[], name: string): Span => {
  const [span, ...more] = named(spans, name);
  assert.ok(span && more.length === 0, `${more.length + (span ? 1 : 0)} spans ${name}`);
  return span;
};
const parentOf = (spans: readonly Span[], span: Span) =>
  spans.find(({ spanId, traceId }) => spanId === span.parentSpanId && traceId === span.traceId);

for (const protocol of ["http/protobuf", "http/json"])
  test(`a turn is a trace of its calls, over ${protocol}`, async (t) => {
    const { store, collector, settled } = await scene(t, { OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
    const events = recording("tools", START);
    await append(store, events);
    const spans = await settled();
    const root = one(spans, "invoke_agent");
    assert.equal(root.parentSpanId, "");
    assert.equal(root.kind, 1, "INTERNAL");
    assert.equal(root.attributes["gen_ai.conversation.id"], events[0]?.session_id);
    assert.equal(root.attributes["gen_ai.operation.name"], "invoke_agent");
    assert.equal(root.resource["service.name"], "claude-code");
    assert.equal(root.resource["host.name"], "workshop");
    assert.equal(root.scope, "mpm-hook");
    const calls = new Set(events.flatMap(({ correlation_id: call }) => (call ? [call] : [])));
    const tools = spans.filter(({ name }) => name.startsWith("execute_tool "));
    assert.deepEqual(new Set(tools.map(({ attributes }) => attributes["gen_ai.tool.call.id"])), calls);
    for (const tool of tools) {
      assert.equal(tool.name, `execute_tool ${tool.attributes["gen_ai.tool.name"]}`);
      assert.equal(parentOf(spans, tool)?.spanId, root.spanId);
      assert.ok(tool.start >= root.start && tool.end <= root.end && tool.start <= tool.end);
    }
    assert.equal(collector.received[0]?.path, "/v1/traces");
  });

test("subagents stand below the calls that started them, parallel and nested, and their calls below them", async (t) => {
  const { store, settled } = await scene(t);
  await append(store, recording("subagents", START));
  const spans = await settled();
  const agents = spans.filter(({ name }) => name.startsWith("invoke_agent "));
  const [background, ...more] = agents.filter(({ links }) => links.length > 0);
  assert.ok(background && more.length === 0 && background.parentSpanId === "");
  assert.equal(agents.length, 5);
  for (const agent of agents.filter((each) => each !== background)) {
    const caller = parentOf(spans, agent);
    assert.match(caller?.name ?? "", /^execute_tool (?:Agent|Task)$/, agent.name);
    assert.ok(agent.end <= (caller?.end ?? 0) + 1, "it ends before its call does");
  }
  const inside = spans.filter(
    ({ name, attributes }) => name.startsWith("execute_tool") && attributes["gen_ai.agent.id"] !== undefined,
  );
  assert.ok(inside.length > 0);
  for (const call of inside)
    assert.equal(parentOf(spans, call)?.attributes["gen_ai.agent.id"], call.attributes["gen_ai.agent.id"]);
  assert.ok(
    agents.some((agent) => parentOf(spans, agent)?.attributes["gen_ai.agent.id"] !== undefined),
    "one is nested",
  );
});

test("failures are errors, waits and compactions are events, calls of MCP servers say so", async (t) => {
  const { store, settled } = await scene(t);
  await append(store, [
    ...recording("failures", START),
    ...recording("compaction", START),
    ...recording("permission", START),
  ]);
  const hook = (seq: number, event: string, data: Record<string, unknown>) => ({
    ...envelope(seq, { session: "mcp", prompt_id: "p1", ...data }),
    hook_event_name: event,
    prompt_id: "p1",
    timestamp: new Date(START + seq * 1000).toISOString(),
    ...(data["tool_use_id"] === undefined ? {} : { correlation_id: String(data["tool_use_id"]) }),
  });
  const tool = { tool_name: "mcp__tides__plot", tool_use_id: "m1", tool_input: { port: "pier" } };
  await append(store, [
    hook(1, "UserPromptSubmit", { prompt: "plot" }),
    hook(2, "PreToolUse", tool),
    hook(3, "PostToolUse", { ...tool, tool_response: "ok", duration_ms: 700 }),
    hook(4, "Stop", {}),
  ]);
  const spans = await settled();
  const failed = spans.filter(({ failed: isFailed }) => isFailed);
  assert.ok(failed.length > 0);
  for (const { attributes } of failed) assert.ok(attributes["error.type"]);
  const events = spans.flatMap((span) => span.events);
  assert.ok(events.some(({ name, attributes }) => name === "mpm.wait" && attributes["mpm.wait.for"] === "permission"));
  const begins = events.filter(({ name }) => name === "mpm.wait");
  const ends = events.filter(({ name }) => name === "mpm.wait.end");
  assert.deepEqual(
    ends.map(({ attributes }) => attributes),
    begins.map(({ attributes }) => attributes),
    "each wait says its end, too",
  );
  for (const [index, { t, attributes }] of begins.entries()) {
    assert.equal((ends[index]?.t ?? 0) - t, attributes["mpm.wait.ms"]);
    const isAnswered = ["answered", "refused"].includes(String(attributes["mpm.wait.outcome"]));
    assert.equal(attributes["mpm.wait.ended_by"], isAnswered ? "person" : "nobody");
  }
  assert.ok(events.some(({ name }) => name === "mpm.compaction"));
  const { attributes, start, end } = one(spans, "execute_tool mcp__tides__plot");
  assert.equal(attributes["mcp.method.name"], "tools/call");
  assert.deepEqual([end - start, attributes["mpm.tool.ms"], attributes["prompt.id"]], [1000, 700, "p1"]);
});

test("a background agent has a trace of its own, linked to the call that launched it", async (t) => {
  const { store, settled } = await scene(t);
  const hook = (seq: number, event: string, data: Record<string, unknown>): Envelope => ({
    ...envelope(seq, { session: "bg", ...data }),
    hook_event_name: event,
    timestamp: new Date(START + seq * 1000).toISOString(),
    ...(data["tool_use_id"] === undefined ? {} : { correlation_id: String(data["tool_use_id"]) }),
    ...(data["agent_id"] === undefined ? {} : { agent_id: String(data["agent_id"]) }),
  });
  const launch = { tool_name: "Agent", tool_use_id: "a1", tool_input: { run_in_background: true } };
  const inside = { tool_name: "Bash", tool_use_id: "b1", tool_input: {}, agent_id: "agent-1", agent_type: "scout" };
  await append(store, [
    hook(1, "UserPromptSubmit", { prompt: "go" }),
    hook(2, "PreToolUse", launch),
    hook(3, "PostToolUse", { ...launch, tool_response: { status: "async_launched", agentId: "agent-1" } }),
    hook(4, "SubagentStart", { agent_id: "agent-1", agent_type: "scout" }),
    hook(5, "Stop", { background_tasks: [{ type: "agent", id: "agent-1", status: "running" }] }),
    hook(6, "PreToolUse", inside),
    hook(7, "PostToolUse", { ...inside, tool_response: "ok" }),
    hook(8, "SubagentStop", { agent_id: "agent-1", agent_type: "scout" }),
  ]);
  const spans = await settled();
  const agent = one(spans, "invoke_agent scout");
  const launched = one(spans, "execute_tool Agent");
  assert.notEqual(agent.traceId, launched.traceId);
  assert.equal(agent.parentSpanId, "");
  assert.deepEqual(agent.links, [{ traceId: launched.traceId, spanId: launched.spanId }]);
  const call = one(spans, "execute_tool Bash");
  assert.deepEqual([call.traceId, call.parentSpanId], [agent.traceId, agent.spanId]);
});

test("no content leaves unless it is asked for", async (t) => {
  const events = recording("tools", START);
  const texts = events.flatMap(({ data }) => {
    const { prompt, tool_input: input } = data as { prompt?: string; tool_input?: Record<string, unknown> };
    return [prompt, ...Object.values(input ?? {})].filter((each): each is string => typeof each === "string");
  });
  const long = texts.filter((text) => text.length > 8);
  assert.ok(long.length > 3);
  const without = await scene(t, { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" });
  await append(without.store, events);
  await without.settled();
  const sent = without.collector.received.map(({ body }) => body.toString("utf8")).join();
  for (const text of long) assert.ok(!sent.includes(JSON.stringify(text).slice(1, -1)), text);
  assert.ok(!sent.includes("/home/"), "no path");

  const { mpmHome, env, home } = tempWorld(t);
  mkdirSync(mpmHome, { mode: 0o700 });
  const store = openTestStore(t, mpmHome);
  const config = {
    ...loadConfig({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: without.collector.url }, home),
    otlpContent: true,
  };
  const options = { config, store, log: silent, now: Date.now, priced: pricedIn(store), settleMs: 0 };
  const exporting = await startExport(options);
  t.after(() => exporting?.close());
  await append(store, events);
  await until(async () => (await exporting?.status())?.waiting === 0);
  const spans = without.collector.spans();
  const root = named(spans, "invoke_agent").at(-1);
  assert.match(String(root?.attributes["gen_ai.input.messages"]), /"role":"user"/);
  assert.ok(spans.some(({ attributes }) => String(attributes["gen_ai.tool.call.arguments"]).startsWith("{")));
  assert.ok(spans.some(({ attributes }) => attributes["gen_ai.tool.call.result"] !== undefined));
});

test("read again from the store after a restart, in the middle of a turn too, spans have the same ids and the same parents", async (t) => {
  const events = recording("subagents", START);
  const whole = await scene(t);
  await append(whole.store, events);
  const expected = await whole.settled();
  const pieces = await scene(t);
  for (let at = 0; at < events.length; at += 3) {
    await append(pieces.store, events.slice(at, at + 3));
    await pieces.settled();
    await pieces.again();
  }
  const found = await pieces.settled();
  const plain = (spans: readonly Span[]) =>
    spans
      .map(
        ({ traceId, spanId, parentSpanId, name, start, end }) =>
          `${name} ${traceId} ${spanId} ${parentSpanId} ${start} ${end}`,
      )
      .sort();
  assert.deepEqual(plain(found), plain(expected));
});

test("a collector that is away for long: everything waits, nothing is lost, nothing is twice", async (t) => {
  const place = await scene(t, {}, false);
  await append(place.store, [...recording("tools", START), ...recording("failures", START)]);
  await until(async () => (await statusOf(place.exporting)).reason?.code === "unreachable", 10_000, "the trouble");
  const { waiting, trouble } = await statusOf(place.exporting);
  assert.ok(waiting > 0);
  assert.match(trouble ?? "", /cannot be reached/);
  await place.again();
  await append(place.store, recording("subagents", START));
  await place.collector.open();
  const spans = await place.settled();
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);
  assert.equal(named(spans, "invoke_agent").length, 4, "the turns of all");
  assert.equal((await place.again().then(statusOf)).trouble, undefined);
});

for (const [name, status, headers] of [
  ["503", 503, {}],
  ["429 with Retry-After", 429, { "retry-after": "0" }],
  ["a proxy without a collector behind it", 502, {}],
  ["a key that is not known yet", 401, {}],
] as const)
  test(`after ${name} the same spans are sent again, until they are taken`, async (t) => {
    const { store, collector, settled, exporting } = await scene(t);
    collector.answer = (response, received, count) =>
      count <= 3 ? response.writeHead(status, headers).end("no") : TAKE(response, received, count);
    await append(store, recording("tools", START));
    const spans = await settled();
    assert.ok(collector.received.length >= 4);
    const [first] = collector.received;
    assert.deepEqual(spans.slice(0, first?.spans.length), first?.spans);
    const { delivered, refused, trouble } = await statusOf(exporting);
    assert.deepEqual([delivered, refused, trouble], [spans.length, 0, undefined]);
  });

test("Retry-After is waited for", async (t) => {
  const { store, collector, settled } = await scene(t);
  const at: number[] = [];
  collector.answer = (response, received, count) => {
    at.push(performance.now());
    if (count === 1) response.writeHead(503, { "retry-after": "1" }).end();
    else TAKE(response, received, count);
  };
  await append(store, recording("tools", START));
  await settled();
  assert.ok((at[1] ?? 0) - (at[0] ?? 0) >= 990);
});

test("what a collector refuses in part is counted, and the rest goes on", async (t) => {
  const { store, collector, settled, exporting } = await scene(t, { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" });
  collector.answer = (response) =>
    response.writeHead(200).end(JSON.stringify({ partialSuccess: { rejectedSpans: "2", errorMessage: "too old" } }));
  await append(store, recording("tools", START));
  const spans = await settled();
  const { delivered, refused } = await statusOf(exporting);
  assert.deepEqual([delivered, refused], [spans.length - 2, 2]);
});

test("one span that is refused for good holds up no other", async (t) => {
  const { store, collector, settled, exporting } = await scene(t);
  collector.answer = (response, received, count) => {
    const isBad = received.spans.some(({ name }) => name === "execute_tool Write");
    if (isBad) response.writeHead(400).end("bad span");
    else TAKE(response, received, count);
  };
  const events = recording("tools", START);
  await append(store, events);
  const spans = await settled();
  const bad = collector.received.flatMap(({ spans: all }) => all).filter(({ name }) => name === "execute_tool Write");
  assert.equal((await statusOf(exporting)).refused, new Set(bad.map(({ spanId }) => spanId)).size);
  assert.ok(spans.length > 1);
});

test("one that hangs is left after its time, and asked again", async (t) => {
  const { store, collector, settled } = await scene(t, { OTEL_EXPORTER_OTLP_TIMEOUT: "150" });
  collector.answer = (response, received, count) => {
    if (count > 2) TAKE(response, received, count);
  };
  await append(store, recording("tools", START));
  assert.ok((await settled()).length > 1);
});

test("headers, name, resource and compression are those that the usual variables say", async (t) => {
  const { store, collector, settled } = await scene(t, {
    OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20b,x-other=c",
    OTEL_SERVICE_NAME: "my-agents",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=test,service.name=not-this",
    OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
  });
  await append(store, recording("tools", START));
  const [span] = await settled();
  assert.equal(span?.resource["service.name"], "my-agents");
  assert.equal(span?.resource["deployment.environment"], "test");
  const { headers } = collector.received[0] ?? {};
  assert.deepEqual([headers?.["x-key"], headers?.["x-other"], headers?.["content-encoding"]], ["a b", "c", "gzip"]);
});

test("ten thousand events are exported, with the time that it takes", async (t) => {
  const place = await scene(t);
  const events: Envelope[] = [];
  for (let copy = 0; events.length < 10_000; copy++)
    for (const event of [...recording("tools", START), ...recording("subagents", START)])
      events.push({ ...event, id: `${event.id}-${copy}`, session_id: `${event.session_id}-${copy}` });
  await place.exporting.close();
  await append(place.store, events.slice(0, 10_000));
  const began = performance.now();
  await place.again();
  const spans = await place.settled();
  t.diagnostic(`${spans.length} spans of 10,000 events in ${Math.round(performance.now() - began)} ms`);
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);
});

test("where nothing is to be exported there is no exporter, and nothing waits for one", async (t) => {
  const place = await scene(t);
  await place.exporting.close();
  const { env, home } = tempWorld(t);
  const options = {
    config: loadConfig(env, home),
    store: place.store,
    log: silent,
    now: Date.now,
    priced: pricedIn(place.store),
  };
  assert.equal((await place.store.consumers()).length, 1);
  assert.equal(await startExport(options), undefined);
  assert.deepEqual(await place.store.consumers(), []);
});

test("a turn whose process goes while the store is away ends with that once the store is back", async (t) => {
  const { store, settled, collector } = await scene(t);
  await append(store, [
    {
      ...envelope(1, { session: "gone", prompt: "go" }),
      hook_event_name: "UserPromptSubmit",
      timestamp: new Date(START).toISOString(),
    },
  ]);
  await settled();
  let asked = 0;
  const away = t.mock.method(store, "session", async () => {
    asked += 1;
    throw new Error("the store is away");
  });
  await store.record([{ session: "gone", facts: [{ kind: "gone", t: START + 9000 }] }]);
  await until(() => asked > 0, 10_000, "a look at the session");
  away.mock.restore();
  await until(() => collector.spans().length === 1, 10_000, "the turn's end");
});

test("a turn whose process is gone ends with that; a turn's tokens and cost stand on its span", async (t) => {
  const { store, settled, collector } = await scene(t);
  const hook = (session: string, seq: number, event: string, data: Record<string, unknown> = {}): Envelope => ({
    ...envelope(seq, { session, ...data }),
    hook_event_name: event,
    timestamp: new Date(START + seq * 1000).toISOString(),
  });
  await append(store, [
    hook("gone", 1, "UserPromptSubmit", { prompt: "go" }),
    hook("paid", 1, "UserPromptSubmit", { prompt: "pay" }),
  ]);
  await settled();
  assert.deepEqual(collector.spans(), []);
  const tokens = { input: 10, output: 5, cacheRead: 100, cacheWrite: 20 };
  const answers = [{ id: "m1", t: START + 1500, model: "claude-opus-4-5", tokens }];
  await store.record([{ session: "paid", facts: [{ kind: "answers", answers }] }]);
  await append(store, [hook("paid", 2, "Stop")]);
  await store.record([{ session: "gone", facts: [{ kind: "gone", t: START + 9000 }] }]);
  await until(() => collector.spans().length === 2, 10_000, "both turns");
  const of = (session: string) =>
    collector.spans().find(({ attributes }) => attributes["gen_ai.conversation.id"] === session);
  assert.equal(of("gone")?.attributes["mpm.outcome"], "interrupted");
  assert.equal(of("gone")?.end, START + 9000);
  const paid = of("paid")?.attributes ?? {};
  assert.equal(paid["gen_ai.usage.input_tokens"], 130);
  assert.equal(paid["gen_ai.usage.output_tokens"], 5);
  assert.equal(paid["gen_ai.usage.cache_read.input_tokens"], 100);
  // Opus 4.5: 5, 25, 0.5 and 6.25 dollars for a million.
  assert.equal(Number(paid["mpm.cost.usd"]).toFixed(6), "0.000350");
});
