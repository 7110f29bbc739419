// From the real Claude Code to a collector: its turns arrive as traces, and what it is told of OpenTelemetry for itself
// switches nothing on here.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startCollector } from "../process/export/collector.ts";
import { until } from "../world.ts";
import { hostSession, newPlace } from "./harness.ts";
import { observe } from "./observed.ts";
import { goOffline } from "./offline.ts";
import { writeSettings } from "./recorder.ts";

const test = await goOffline();

test("a session with parallel and nested subagents arrives at a collector", async (t) => {
  const collector = await startCollector(t);
  const { place, mpmHome, settled } = await observe(t);
  const config = { monitor: { port: 0 }, export: { otlp: { endpoint: collector.url } } };
  writeFileSync(join(mpmHome, "config.json"), JSON.stringify(config));
  await hostSession(t, { place, script: "subagents" });
  await settled();
  const spans = () => collector.spans();
  const parentOf = ({ parentSpanId, traceId }: { parentSpanId: string; traceId: string }) =>
    spans().find((span) => span.spanId === parentSpanId && span.traceId === traceId);
  const isNested = () =>
    spans().some(
      (span) => span.name.startsWith("invoke_agent ") && parentOf(span)?.attributes["gen_ai.agent.id"] !== undefined,
    );
  await until(isNested, 30_000, "the nested agent");
  await until(() => spans().some(({ links }) => links.length === 1), 30_000, "the one in the background, linked");
});

test("Claude Code keeps the variables of OpenTelemetry from its hooks: an export is never switched on by them", async (t) => {
  const place = await newPlace(t);
  const seen = join(place.root, "environment");
  writeSettings(place.home, {
    hooks: { SessionStart: [{ hooks: [{ type: "command", command: `env >'${seen}'; cat >/dev/null` }] }] },
  });
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_SERVICE_NAME: "x", MARK_OF_TEST: "1" };
  await hostSession(t, { place, script: "unicode", env });
  const text = readFileSync(seen, "utf8");
  assert.match(text, /^MARK_OF_TEST=1$/m);
  assert.doesNotMatch(text, /^OTEL_/m);
});
