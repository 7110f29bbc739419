// The settings file that people live in: only what is ours is ever changed in it.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { loadConfig } from "../../../src/config/config.ts";
import { defaultEvents, handlersFor, ownHook } from "../../../src/install/handler.ts";
import { register, unregister } from "../../../src/install/registration.ts";
import { withHooks, withoutHooks } from "../../../src/install/settings.ts";
import { BROKEN, SAMPLES } from "../../unit/install/corpus.ts";
import { ROOT, tempWorld } from "../../world.ts";
import { everyFile } from "./machine.ts";

const TABLE = join(ROOT, "hooks/hooks.json");
const isOurs = (handler: unknown) => ownHook(handler) !== undefined;
const handlers = (app: string) =>
  handlersFor(TABLE, defaultEvents(TABLE), { platform: "linux", app, node: "/usr/bin/node" });

type Tree = { hooks?: Record<string, { hooks?: unknown[]; matcher?: string }[]> };
const parse = (text: string): Tree => (text.trim() ? (JSON.parse(text.replace("\uFEFF", "")) as Tree) : {});

/** Handlers that are not ours, each with its event and matcher, in the order in which they stand. */
function foreign(text: string): unknown[] {
  return Object.entries(parse(text).hooks ?? {}).flatMap(([event, groups]) =>
    groups.flatMap(({ matcher, hooks = [] }) =>
      hooks.filter((each) => !isOurs(each)).map((each) => [event, matcher, each]),
    ),
  );
}

/** How often we are registered for each event. */
function own(text: string): Record<string, number> {
  const counts = Object.entries(parse(text).hooks ?? {}).map(([event, groups]) => {
    const ours = groups.flatMap(({ hooks = [] }) => hooks.filter(isOurs));
    return [event, ours.length] as const;
  });
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

const { hooks: _, ...nothing } = parse("");
const withoutItsHooks = (text: string) => ({ ...parse(text), hooks: undefined, ...nothing });

describe("given back byte for byte", { concurrency: 8 }, () => {
  for (const sample of [...SAMPLES, { name: "no file", text: undefined }])
    test(sample.name, async (t) => {
      const { env, home } = tempWorld(t);
      const config = loadConfig(env, home);
      const wanted = handlers(config.paths.app);
      const file = join(home, ".claude/settings.json");
      if (sample.text !== undefined) {
        mkdirSync(join(home, ".claude"));
        writeFileSync(file, sample.text, { mode: 0o640 });
      }
      const before = everyFile(home);
      const place = { scope: "user", file } as const;
      const options = { events: undefined, dryRun: false, now: 0 };

      const dry = await register(config, place, wanted, { ...options, dryRun: true });
      assert.equal(dry.done, "changed");
      assert.deepEqual(everyFile(home), before, "a dry run changes nothing");

      assert.equal((await register(config, place, wanted, options)).done, "changed");
      const text = readFileSync(file, "utf8");
      assert.deepEqual(own(text), Object.fromEntries([...wanted.keys()].map((event) => [event, 1])));
      assert.deepEqual(foreign(text), foreign(sample.text ?? ""));
      assert.deepEqual(withoutItsHooks(text), withoutItsHooks(sample.text ?? ""));

      const installed = everyFile(join(home, ".claude"));
      assert.equal((await register(config, place, wanted, options)).done, "unchanged");
      assert.deepEqual(everyFile(join(home, ".claude")), installed, "twice is once");

      await unregister(config, place, { ours: () => true, dryRun: false, now: 0 });
      const after = everyFile(home, /^\.claude-mpm/);
      assert.deepEqual(content(after), content(before));
    });
});

/** Modes and bytes, without what a replacement in one step has to change. */
function content(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, text.replace(/^\d+ (\d+) [\d.]+ /, "$1 ")]),
  );
}

describe("refused with line and column, and not touched", () => {
  for (const { name, text, line, column, reason } of BROKEN)
    test(name, async (t) => {
      const { env, home } = tempWorld(t);
      const config = loadConfig(env, home);
      const file = join(home, "settings.json");
      writeFileSync(file, text);
      const before = everyFile(home);
      const place = { scope: "user", file } as const;
      const results = [
        await register(config, place, handlers(config.paths.app), { events: undefined, dryRun: false, now: 0 }),
        await unregister(config, place, { ours: () => true, dryRun: false, now: 0 }),
      ];
      for (const result of results) {
        assert(result.done === "refused", result.done);
        assert.deepEqual([result.refusal.line, result.refusal.column], [line, column], result.refusal.reason);
        assert.match(result.refusal.reason, reason);
      }
      assert.deepEqual(everyFile(home, /^\.claude-mpm$/), before);
    });
});

/** Any settings, in any of the layouts that programs write. */
const anyHandler = fc.record({ type: fc.constant("command"), command: fc.string() });
const anyGroup = fc.record(
  { matcher: fc.constantFrom("", "*", "Bash", "Edit|Write"), hooks: fc.array(anyHandler, { maxLength: 3 }) },
  { requiredKeys: [] },
);
const anyEvent = fc.constantFrom("Stop", "PreToolUse", "SessionEnd", "Notification", "Unknown");
const anySettings = fc.record(
  {
    model: fc.string(),
    permissions: fc.jsonValue(),
    hooks: fc.dictionary(anyEvent, fc.array(anyGroup, { maxLength: 3 })),
    env: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const anyLayout = fc.record({
  indent: fc.constantFrom("", " ", "  ", "    ", "\t"),
  eol: fc.constantFrom("\n", "\r\n"),
  bom: fc.constantFrom("", "\uFEFF"),
  tail: fc.constantFrom("", "\n", "\n\n", "  "),
});

test("whatever the settings and their layout, taking out gives back what putting in found", () => {
  const wanted = handlers("/home/u/.claude-mpm/app");
  fc.assert(
    fc.property(anySettings, anyLayout, (settings, { indent, eol, bom, tail }) => {
      const text = bom + (JSON.stringify(settings, null, indent) + tail).replaceAll("\n", eol);
      const put = withHooks(text, wanted, isOurs, {});
      assert("text" in put);
      assert.deepEqual(foreign(put.text), foreign(text));
      assert.deepEqual(own(put.text), Object.fromEntries([...wanted.keys()].map((event) => [event, 1])));
      const again = withHooks(put.text, wanted, isOurs, put.hollows);
      assert.deepEqual(again, put, "twice is once");
      const taken = withoutHooks(put.text, isOurs, put.hollows);
      assert("text" in taken);
      assert.equal(taken.text, text);
    }),
    { numRuns: 500 },
  );
});
