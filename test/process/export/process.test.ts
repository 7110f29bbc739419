// The export as a user sets it up: in config.json, seen in status, health and metrics, its headers never shown.

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { recording } from "../../browser/recordings.ts";
import { mpm, until } from "../../world.ts";
import { runMonitor } from "../trust/monitor.ts";
import { startCollector } from "./collector.ts";

test("export.otlp.endpoint is enough; what is exported and what waits stands in status, health and metrics", async (t) => {
  const collector = await startCollector(t);
  const otlp = { endpoint: `${collector.url}/base/`, headers: { authorization: "Bearer secret-of-the-collector" } };
  const monitor = await runMonitor(t, { config: { export: { otlp } } });
  await monitor.store(...recording("tools", Date.now() - 60_000));
  await until(() => collector.spans().length > 0, 20_000, "the turn");
  const [{ path, headers } = { path: "", headers: {} }] = collector.received;
  assert.deepEqual([path, headers.authorization], ["/base/v1/traces", "Bearer secret-of-the-collector"]);

  await until(
    async () => JSON.stringify(await monitor.health()).includes('"waiting":0,"missed"'),
    10_000,
    "the cursor",
  );
  const status = await mpm(["status"], { env: monitor.env });
  assert.match(status.stdout, /^otlp +\S* ?● \d+ passed on$/m);
  const { monitor: said } = JSON.parse((await mpm(["status", "--json"], { env: monitor.env })).stdout);
  assert.equal(said.consumers[0].name, "otlp");
  const metrics = await (await monitor.ask("/metrics")).text();
  assert.match(metrics, /^mpm_consumer_up\{consumer="otlp"\} 1$/m);
  assert.match(metrics, /^mpm_consumer_waiting_events\{consumer="otlp"\} 0$/m);
  for (const args of [
    ["config", "list"],
    ["config", "list", "--json"],
    ["config", "get", "export.otlp.headers"],
  ]) {
    const { stdout, stderr } = await mpm(args, { env: monitor.env });
    assert.ok(!`${stdout}${stderr}`.includes("secret-of-the-collector"), args.join(" "));
  }

  const log = readFileSync(join(monitor.home, "log/monitor.log"), "utf8");
  assert.match(log, /turns are exported as traces/);
  assert.ok(!log.includes("secret-of-the-collector"));

  await collector.close();
  await monitor.store(...recording("failures", Date.now() - 60_000));
  await until(
    async () =>
      /otlp +● http\S+ cannot be reached .*events? waiting/.test((await mpm(["status"], { env: monitor.env })).stdout),
    20_000,
    "the trouble in status",
  );
});

test("a short turn soon after another has its tokens and its cost: a transcript is read when a turn ends", async (t) => {
  const collector = await startCollector(t);
  const monitor = await runMonitor(t, { config: { export: { otlp: { endpoint: collector.url } } } });
  const session = "0b5c1e2a-0000-4000-8000-000000000001";
  const transcript = join(dirname(monitor.home), ".claude/projects/-pier", `${session}.jsonl`);
  mkdirSync(dirname(transcript), { recursive: true });
  const answer = (id: string) =>
    appendFileSync(
      transcript,
      `${JSON.stringify({
        type: "assistant",
        timestamp: new Date().toISOString(),
        message: { id, model: "claude-opus-4-5", usage: { input_tokens: 10, output_tokens: 20 } },
      })}\n`,
    );
  const hook = async (name: string, more: object = {}) => {
    const payload = {
      hook_event_name: name,
      session_id: session,
      transcript_path: transcript,
      prompt_id: "p1",
      ...more,
    };
    const headers = { "content-type": "application/json" };
    const answered = await monitor.ask("/api/events", { method: "POST", headers, body: JSON.stringify(payload) });
    assert.equal(answered.status, 204);
  };
  answer("m1");
  await hook("UserPromptSubmit", { prompt: "Count the posts.", prompt_id: "p1" });
  await hook("Stop", { prompt_id: "p1" });
  const known = async () => (await (await monitor.ask(`/api/sessions/${session}`)).json()).tokens?.output;
  await until(async () => (await known()) === 20, 20_000, "the first answer");
  await hook("UserPromptSubmit", { prompt: "And the rings.", prompt_id: "p2" });
  answer("m2");
  await hook("Stop", { prompt_id: "p2" });
  const second = () => collector.spans().find(({ attributes }) => attributes["prompt.id"] === "p2");
  await until(() => second() !== undefined, 20_000, "the second turn");
  assert.equal(second()?.attributes["gen_ai.usage.output_tokens"], 20);
  assert.equal(Number(second()?.attributes["mpm.cost.usd"]).toFixed(6), "0.000550");
});
