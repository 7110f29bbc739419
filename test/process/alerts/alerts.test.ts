// From a hook's event to somebody's telephone: once each, over restarts and outages, and as private as the settings say.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { AlertRecord } from "../../../src/contract/alerts.ts";
import { FullHealth } from "../../../src/contract/health.ts";
import { storeAll } from "../../browser/page.ts";
import { Story } from "../../browser/story.ts";
import { type Answer, openReceiver, status } from "../../unit/alerts/receiver.ts";
import { mpm, tempWorld, until } from "../../world.ts";
import { runMonitor } from "../trust/monitor.ts";

const PROMPT = "Mend the secret gauge";
const RULES = [
  { when: "waiting", over: "1s", to: ["hook"] },
  { when: "turn_ended", over: "1s", to: ["hook"] },
  { when: "failures", count: 3, over: "1m", to: ["hook"] },
  { when: "repeat", count: 3, to: ["hook"] },
];

async function told(t: TestContext, alerts: object, ...answers: Answer[]) {
  const { url, received } = await openReceiver(t, ...answers);
  const world = tempWorld(t);
  const config = { alerts: { channels: [{ name: "hook", type: "webhook", url }], rules: RULES, ...alerts } };
  const monitor = await runMonitor(t, { world, config });
  /** A webhook gets one alert a message. */
  const alertsOf = () =>
    received.map(({ body }) => ({
      ...body,
      id: String(body["id"]),
      when: String(body["when"]),
      text: String(body["text"]),
    }));
  return { ...world, config, monitor, received, alertsOf };
}
const story = (session: string, start = Date.now() - 120_000) =>
  new Story({ session, project: "/home/dana/code/tidepool", start });
const fails = (story: Story, times: number) => {
  for (let index = 0; index < times; index++)
    story.emit("PostToolUseFailure", {
      tool_name: "Bash",
      tool_use_id: `c${index}`,
      tool_input: { command: "make" },
      error: "no rule",
    });
  return story;
};

test("who waits, what ended after long, what fails in a burst and again and again is told, each once", async (t) => {
  const { monitor, alertsOf, env } = await told(t, {});
  const long = fails(story("long").begin().prompt(PROMPT).wait(5000), 4)
    .wait(20_000)
    .stop("Done with the secret gauge.");
  await storeAll(monitor, long.events);
  const asks = story("asks", Date.now() - 5000)
    .begin()
    .prompt(PROMPT);
  asks.emit("PreToolUse", { tool_name: "Bash", tool_use_id: "w", tool_input: { command: "rm x" } });
  asks.emit("PermissionRequest", { tool_name: "Bash", tool_input: { command: "rm x" } });
  asks.wait(1000).emit("Notification", { notification_type: "permission_prompt", message: "Claude needs you" });
  await storeAll(monitor, asks.events);
  await until(() => new Set(alertsOf().map(({ when }) => when)).size === 4, 20_000, "four kinds of alerts");
  assert.deepEqual(
    alertsOf()
      .map(({ when }) => when)
      .sort(),
    ["failures", "repeat", "turn_ended", "waiting"],
  );
  assert.equal(new Set(alertsOf().map(({ id }) => id)).size, 4);
  assert.doesNotMatch(JSON.stringify(alertsOf()), /secret gauge|rm x|no rule/, "no text of a session");

  const history = (await mpm(["alerts", "history", "--json"], { env })).stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    history.map(({ deliveries }) => deliveries[0].state),
    ["delivered", "delivered", "delivered", "delivered"],
  );
  const status = JSON.parse((await mpm(["status", "--json"], { env })).stdout);
  const own = status.monitor.consumers.find(({ name }: { name: string }) => name === "alerts");
  assert.deepEqual([own.waiting, own.delivered, own.refused], [0, 4, 0]);
});

test("over nothing is a limit too: every turn that ends is told", async (t) => {
  const { monitor, alertsOf } = await told(t, { rules: [{ when: "turn_ended", over: "0s", to: ["hook"] }] });
  await storeAll(monitor, story("short").begin().prompt(PROMPT).wait(1).stop("Done.").events);
  await until(() => alertsOf().length === 1, 20_000, "the alert");
});

test("with alerts.content the text comes along, redacted as it is stored", async (t) => {
  const { monitor, alertsOf } = await told(t, { content: "content" });
  await storeAll(monitor, story("long").begin().prompt(PROMPT).wait(20_000).stop("Done with the secret gauge.").events);
  await until(() => alertsOf().length > 0, 20_000, "the alert");
  assert.match(JSON.stringify(alertsOf()), /Done with the secret gauge/);
});

test("what could not be delivered waits over a kill and a restart, and comes once, with its id", async (t) => {
  const { monitor, received, alertsOf, config, env, mpmHome } = await told(
    t,
    {},
    status(503),
    status(503),
    status(503),
  );
  await storeAll(monitor, story("long").begin().prompt(PROMPT).wait(20_000).stop("Done.").events);
  await until(() => received.length >= 1, 20_000, "the first attempt");
  const id = alertsOf()[0]?.id;
  await monitor.kill("SIGKILL");
  const again = await runMonitor(t, { world: { env, mpmHome }, config });
  await until(() => received.length >= 4, 30_000, "the attempt that succeeds");
  await again.kill("SIGTERM");
  assert.deepEqual([...new Set(alertsOf().map((alert) => alert.id))], [id]);
  const third = await runMonitor(t, { world: { env, mpmHome }, config });
  await storeAll(third, story("other").begin().prompt("x").wait(20_000).stop("y").events);
  await until(() => new Set(alertsOf().map((alert) => alert.id)).size === 2, 20_000, "the next alert");
  assert.equal(alertsOf().filter((alert) => alert.id === id).length, 4, "three refusals and one that was taken");
});

test("a cause that two rules ask for is told on the channels of both, once each", async (t) => {
  const [soon, late] = [await openReceiver(t), await openReceiver(t)];
  const world = tempWorld(t);
  const config = {
    alerts: {
      channels: [
        { name: "soon", type: "webhook", url: soon.url },
        { name: "late", type: "webhook", url: late.url },
      ],
      rules: [
        { when: "turn_ended", over: "1s", to: ["soon"] },
        { when: "turn_ended", over: "10s", to: ["soon", "late"] },
      ],
    },
  };
  const monitor = await runMonitor(t, { world, config });
  await storeAll(monitor, story("short").begin().prompt("x").wait(5000).stop("y").events);
  await storeAll(monitor, story("long").begin().prompt("x").wait(20_000).stop("y").events);
  const sessionsAt = ({ received }: typeof soon) =>
    received
      .flatMap(({ body }) => (Array.isArray(body["alerts"]) ? body["alerts"] : [body]))
      .map(({ session_id: session }) => session)
      .sort();
  await until(() => sessionsAt(soon).length >= 2 && sessionsAt(late).length >= 1, 20_000, "the alerts");
  await monitor.kill("SIGTERM");
  assert.deepEqual([sessionsAt(soon), sessionsAt(late)], [["long", "short"], ["long"]]);
});

test("who was answered before the message could go is not called for", async (t) => {
  const { monitor, received, alertsOf, env } = await told(t, {}, status(503));
  const asks = story("asks", Date.now() - 5000)
    .begin()
    .prompt(PROMPT);
  asks.emit("PreToolUse", { tool_name: "Bash", tool_use_id: "w", tool_input: { command: "rm x" } });
  asks.emit("PermissionRequest", { tool_name: "Bash", tool_input: { command: "rm x" } });
  await storeAll(monitor, asks.events);
  await until(() => received.length === 1, 20_000, "the message that was not taken");
  const answered = asks.events.length;
  asks.emit("PostToolUse", { tool_name: "Bash", tool_use_id: "w", tool_input: { command: "rm x" }, tool_response: {} });
  await storeAll(monitor, asks.events.slice(answered));
  const states = async () =>
    (await mpm(["alerts", "history", "--json"], { env })).stdout
      .trim()
      .split("\n")
      .flatMap((line) => AlertRecord.parse(JSON.parse(line)).deliveries.map(({ state }) => state));
  await until(async () => (await states()).join() === "settled", 20_000, "the alert to be settled");
  await storeAll(monitor, story("long").begin().prompt(PROMPT).wait(20_000).stop("Done.").events);
  await until(() => received.length === 2, 20_000, "the next message");
  assert.deepEqual(
    alertsOf().map(({ when }) => when),
    ["waiting", "turn_ended"],
  );
});

test("what was told of a session, a project or a time is forgotten with it", async (t) => {
  const { monitor, alertsOf, env, mpmHome } = await told(t, { content: "content" });
  for (const [session, project] of [
    ["one", "/home/dana/code/tidepool"],
    ["two", "/home/dana/code/tidepool"],
    ["three", "/home/dana/code/reef"],
  ] as const) {
    const ended = new Story({ session, project, start: Date.now() - 120_000 }).begin().prompt("x").wait(20_000);
    await storeAll(monitor, ended.stop(`Done with the pearls of ${session}.`).events);
  }
  await until(() => alertsOf().length === 3, 20_000, "the alerts");
  const history = async () =>
    (await mpm(["alerts", "history", "--json"], { env })).stdout
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => AlertRecord.parse(JSON.parse(line)).session);
  const forget = async (...which: string[]) => assert.equal((await mpm(["forget", ...which], { env })).status, 0);
  await forget("--session", "one");
  assert.deepEqual((await history()).sort(), ["three", "two"]);
  await forget("--project", "reef");
  assert.deepEqual(await history(), ["two"]);
  await forget("--before", new Date(Date.now() + 60_000).toISOString());
  assert.deepEqual(await history(), []);
  await monitor.kill("SIGTERM");
  for (const name of readdirSync(mpmHome).filter((each) => each.startsWith("alerts.db")))
    assert.doesNotMatch(readFileSync(join(mpmHome, name), "latin1"), /pearls of/, name);
});

test("what an import tells, and the checks of the doctor, call nobody", async (t) => {
  const { monitor, alertsOf } = await told(t, {});
  const past = fails(story("past").begin().prompt(PROMPT), 5).wait(20_000).stop("Done.");
  await storeAll(
    monitor,
    past.events.map((event) => ({ ...event, source: "transcript" })),
  );
  await storeAll(monitor, fails(story("mpm-check").begin(), 5).events);
  await storeAll(monitor, story("last").begin().prompt("x").wait(20_000).stop("y").events);
  await until(() => alertsOf().length > 0, 20_000, "the last one");
  assert.deepEqual(
    alertsOf().map(({ when }) => when),
    ["turn_ended"],
  );
});

test("the API and the terminal say rules and channels, test them, and show no address and no secret", async (t) => {
  const { monitor, received, env, config, mpmHome: _ } = await told(t, {}, status(404));
  const secretly = {
    ...config.alerts.channels[0],
    secret: "very-secret",
    url: `${config.alerts.channels[0]?.url}/very-secret`,
  };
  await mpm(["config", "set", "alerts.channels", JSON.stringify([secretly])], { env });
  const listed = await mpm(["alerts", "list", "--json"], { env });
  assert.deepEqual(
    JSON.parse(listed.stdout).channels.map(({ name, type, available }: Record<string, unknown>) => [
      name,
      type,
      available,
    ]),
    [
      ["desktop", "desktop", false],
      ["hook", "webhook", true],
    ],
  );
  const refused = await mpm(["alerts", "test", "hook"], { env });
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /hook has not taken it: http:\/\/127\.0\.0\.1:\d+ answered with status 404/);
  assert.equal((await mpm(["alerts", "test", "hook"], { env })).status, 0);
  assert.equal(received.at(-1)?.body["when"], "test");
  const shown = [
    listed.stdout,
    refused.stderr,
    (await mpm(["config", "list"], { env })).stdout,
    await (await monitor.ask("/api/alerts")).text(),
  ];
  assert.doesNotMatch(shown.join(), /very-secret/);
  const tested = await monitor.ask("/api/alerts/test?channel=hook", { method: "POST" });
  assert.deepEqual(await tested.json(), { results: [{ name: "hook", delivered: true }] });
});

test("every channel of a rule is told at once, however many there are and whichever was told before", async (t) => {
  const [one, two] = [await openReceiver(t), await openReceiver(t)];
  const channels = [
    { name: "one", type: "webhook", url: one.url },
    { name: "two", type: "webhook", url: two.url },
  ];
  const rules = [{ when: "turn_ended", over: "1s", to: ["one", "two"] }];
  const monitor = await runMonitor(t, { config: { alerts: { channels, rules } } });
  for (let turn = 1; turn <= 3; turn++) {
    await storeAll(monitor, story(`s${turn}`).begin().prompt("x").wait(20_000).stop("y").events);
    await until(() => one.received.length === turn && two.received.length === turn, 20_000, `alert ${turn} on both`);
  }
});

test("where alerts cannot be kept the monitor says so, and takes and shows events as before", async (t) => {
  const world = tempWorld(t);
  mkdirSync(join(world.mpmHome, "alerts.db"), { recursive: true, mode: 0o700 });
  const monitor = await runMonitor(t, { world });
  await storeAll(monitor, story("s").begin().events);
  const { events, consumers } = FullHealth.parse(await monitor.health());
  assert.equal(events, 1);
  assert.match(consumers?.find(({ name }) => name === "alerts")?.trouble ?? "", /alerts do not work/);
  assert.equal((await monitor.ask("/metrics")).status, 200);
});

test("hooks that take long by Claude Code's own figures are told while its transcript grows", async (t) => {
  const { monitor, alertsOf, home } = await told(t, { rules: [{ when: "hooks", over: "200ms", to: ["hook"] }] });
  const claude = join(home, ".claude/projects/p");
  mkdirSync(claude, { recursive: true });
  const transcript = join(claude, "busy.jsonl");
  const ran = { type: "hook_success", hookEvent: "PreToolUse", command: "lint --secret-flag", durationMs: 1200 };
  const line = `${JSON.stringify({ type: "attachment", timestamp: new Date().toISOString(), attachment: ran })}\n`;
  writeFileSync(transcript, line.repeat(25));
  const busy = story("busy", Date.now() - 5000)
    .begin()
    .prompt(PROMPT);
  busy.emit("PreToolUse", { tool_name: "Bash", tool_use_id: "w", tool_input: {}, transcript_path: transcript });
  await storeAll(
    monitor,
    busy.events.map((event) => ({ ...event, host: { ...event.host, name: hostname() } })),
  );
  await until(() => alertsOf().length > 0, 20_000, "the alert");
  assert.deepEqual(
    alertsOf().map(({ when, text }) => [when, text]),
    [
      [
        "hooks",
        "Hooks of other programs hold Claude Code up: five of a hundred runs take longer than 1200ms. `mpm doctor` measures ours.",
      ],
    ],
  );
});
