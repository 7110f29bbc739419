// Fuzzed in this process: everything that reads text or bytes from outside.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { readAgent } from "../../src/agents/agent.ts";
import { explain } from "../../src/agents/problem.ts";
import { objectEnd } from "../../src/capture/read.ts";
import { explainProblem, loadConfig } from "../../src/config/config.ts";
import { readAck } from "../../src/contract/ack.ts";
import { Envelope } from "../../src/contract/envelope.ts";
import { buildEnvelope, MIN_LIMIT } from "../../src/event/envelope.ts";
import { parsePayload } from "../../src/event/payload.ts";
import { createRedactor } from "../../src/event/redact.ts";
import { handlersIn, withHooks, withoutHooks } from "../../src/install/settings.ts";
import { printable } from "../../src/platform/text.ts";
import { readStatus } from "../../src/services/presence.ts";
import { liveMonitor, resolveTarget } from "../../src/services/target.ts";
import { encodeEntry, parseEntry } from "../../src/spool/entry.ts";
import { bytesOf, damaged, json, latin, payload, stdin, text } from "./arbitrary.ts";
import { agent, config, settings, state } from "./files.ts";
import { target } from "./target.ts";

const { redactor } = createRedactor({ enabled: true, patterns: [], budgetMs: Number.POSITIVE_INFINITY });

/** Part of every token that is given, too short or too long ones included. */
const SECRET = "hush7";

const origin = fc.record(
  {
    event: text,
    projectDir: text,
    pid: fc.nat(),
    entrypoint: fc.string({ maxLength: 60 }),
    remote: fc.constant(true),
    parentPid: fc.nat(),
  },
  { requiredKeys: [] },
);

export const READERS = [
  target("payload and envelope", 30_000, fc.record({ stdin, origin }), () => ({
    check({ stdin: bytes, origin: from }) {
      const parsed = parsePayload(bytesOf(bytes), "Stop");
      if (!parsed.ok) {
        assert.ok(parsed.problem.expected && parsed.problem.received && parsed.problem.reason);
        return;
      }
      const before = JSON.stringify(parsed.payload);
      const built = buildEnvelope({
        id: "01",
        seq: 1,
        capturedAt: 0,
        payload: parsed.payload,
        notes: parsed.notes,
        origin: { ...from, hostName: "here" },
        redactor,
        limit: MIN_LIMIT,
      });
      assert.equal(JSON.stringify(parsed.payload), before, "the payload is not changed");
      assert.equal(built.json, JSON.stringify(built.envelope));
      assert.ok(Buffer.byteLength(built.json) <= MIN_LIMIT);
      const accepted = Envelope.safeParse(JSON.parse(built.json));
      assert.ok(accepted.success, `what the relay builds, the monitor takes: ${accepted.error?.message}`);
    },
  })),

  target(
    "the end of an object",
    5000,
    fc.record({ event: payload, cuts: fc.array(fc.nat(), { maxLength: 5 }), rest: text }),
    () => ({
      check({ event, cuts, rest }) {
        const whole = Buffer.from(JSON.stringify(event));
        const feed = objectEnd();
        const places = [...new Set(cuts.map((cut) => cut % whole.length))].sort((a, b) => a - b);
        let at = 0;
        for (const place of [...places, whole.length - 1]) {
          assert.equal(feed(whole.subarray(at, place)), false, "not before its end");
          at = place;
        }
        assert.equal(feed(Buffer.concat([whole.subarray(at), Buffer.from(rest)])), true);
      },
    }),
  ),

  target(
    "spool entry",
    10_000,
    fc.record({ origin, stdin, cut: fc.double({ min: 0, max: 1, noNaN: true }), noise: fc.boolean() }),
    () => ({
      check({ origin: from, stdin: bytes, cut, noise }) {
        const given = bytesOf(bytes);
        const whole = encodeEntry(from, given);
        const entry = parseEntry(whole);
        assert.equal(entry?.whole, true);
        assert.equal(entry?.payload.toString("latin1"), given.toString("latin1").replace(/[\r\n]+$/, ""));
        const part = parseEntry(whole.subarray(0, Math.floor(cut * (whole.length - 1))));
        if (part?.whole) assert.ok(bytes.includes("mpm1 whole"), "a part passes for whole");
        if (noise) parseEntry(Buffer.concat([Buffer.from("mpm1\0"), given]));
        parseEntry(given);
      },
    }),
  ),

  target(
    "settings file",
    8000,
    fc.record({
      text: fc.oneof(damaged(settings()), settings(), damaged(json.map((value) => JSON.stringify(value, null, 2)))),
      events: fc.uniqueArray(fc.constantFrom("Stop", "PreToolUse", "SessionEnd", "__proto__")),
    }),
    () => ({
      check({ text: before, events }) {
        const handler = { type: "command" as const, command: "/ours/mpm-hook", args: ["x"], timeout: 5 };
        const ours = (one: unknown) =>
          typeof one === "object" && one !== null && (one as { command?: unknown }).command === "/ours/mpm-hook";
        const found = handlersIn(before);
        if ("handlers" in found && found.handlers.some((one) => ours(one.handler))) return;
        const added = withHooks(before, new Map(events.map((event) => [event, handler])), ours, {});
        if ("refusal" in added) {
          assert.ok(added.refusal.reason && added.refusal.line >= 1 && added.refusal.column >= 1);
          return;
        }
        if (added.text.trim() !== "") JSON.parse(added.text.replace("\ufeff", ""));
        const removed = withoutHooks(added.text, ours, added.hollows);
        assert.ok(!("refusal" in removed));
        assert.equal(removed.text, before, "uninstalling gives back the same bytes");
      },
    }),
  ),

  target(
    "agent file",
    8000,
    fc.record({
      name: fc.constantFrom("a.md", "b.json", "README.md"),
      bytes: fc.oneof(agent().map(latin), damaged(agent().map(latin)), stdin),
    }),
    () => ({
      async check({ name, bytes }) {
        const reading = await readAgent(`/agents/${name}`, bytesOf(bytes));
        for (const problem of reading.problems) explain(problem, (path) => path);
        if (reading.agent) assert.ok(!reading.problems.some(({ severity }) => severity === "error"));
      },
    }),
  ),

  target(
    "config.json, state files and environment",
    6000,
    fc.record({
      tree: fc.oneof(damaged(config()), config()),
      env: fc.record(
        {
          MPM_SERVER_URL: text,
          MPM_TOKEN: fc.constantFrom(SECRET, SECRET.repeat(200), `${SECRET}-long-enough`),
          MPM_LOG_LEVEL: text,
          CLAUDE_MPM_USE_ASYNC: text,
        },
        { requiredKeys: [] },
      ),
      state: fc.oneof(damaged(state()), state()),
    }),
    () => {
      const home = mkdtempSync(join(tmpdir(), "mpm-fuzz-"));
      return {
        check({ tree, env, state: status }) {
          writeFileSync(join(home, "config.json"), tree);
          writeFileSync(join(home, "relay.json"), status);
          writeFileSync(join(home, "monitor.json"), status);
          const read = loadConfig({ ...env, MPM_HOME: home }, "/nonexistent");
          for (const problem of read.problems) {
            const line = explainProblem(problem, read.paths.config);
            assert.ok(!line.includes(SECRET), "a token is never quoted");
          }
          assert.equal(typeof read.monitorPort, "number");
          readStatus(read.paths);
          liveMonitor(read);
          resolveTarget(read);
        },
        close: () => rmSync(home, { recursive: true }),
      };
    },
  ),

  target(
    "a server's answer",
    5000,
    fc.array(
      fc.oneof(
        json,
        fc.record(
          { ok: fc.boolean(), permanent: json, reason: json, status: json, window: json },
          { requiredKeys: [] },
        ),
      ),
      { maxLength: 3 },
    ),
    () => ({
      check(args) {
        const [first] = args;
        const { outcome, window } = readAck(first);
        const no = typeof first === "object" && first !== null && "ok" in first && first.ok === false;
        assert.ok(no ? outcome.kind !== "delivered" : outcome.kind === "delivered", "a no is a no, all else is a yes");
        assert.ok(window === undefined || (window >= 1 && window <= 4096));
      },
    }),
  ),

  target("text for a terminal", 3000, text, () => ({
    check(given) {
      for (const char of printable(given)) {
        const code = char.codePointAt(0) ?? 0;
        assert.ok(code === 9 || code === 10 || (code >= 32 && (code < 127 || code > 159)), `U+${code.toString(16)}`);
      }
    },
  })),
];
