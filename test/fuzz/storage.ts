// Fuzzed with the real files behind them: the store, a spool directory, the hook.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { loadConfig } from "../../src/config/config.ts";
import type { Ack } from "../../src/contract/ack.ts";
import { Envelope } from "../../src/contract/envelope.ts";
import { openIngest } from "../../src/monitor/ingest.ts";
import { openOutbound } from "../../src/relay/outbound.ts";
import { openSequence } from "../../src/relay/sequence.ts";
import { encodeEntry, parseEntry } from "../../src/spool/entry.ts";
import { readBoot } from "../../src/spool/order.ts";
import { openRejected } from "../../src/spool/rejected.ts";
import { Spool } from "../../src/spool/spool.ts";
import { openSqlite } from "../../src/store/sqlite/store.ts";
import { HOOK, run } from "../world.ts";
import { bytesOf, envelope, json, stdin, text } from "./arbitrary.ts";
import { home, log } from "./monitor.ts";
import { target } from "./target.ts";

const HOOK_WITHIN_MS = 20_000;
const PATH = "/usr/bin:/bin";

const KINDS = ["entry", "bytes", "cut", "directory", "link", "empty"] as const;

/** Makes what may lie in a spool directory; `stdin` is what the hook was given. */
function make(file: string, kind: (typeof KINDS)[number], stdin: Buffer): void {
  const whole = encodeEntry({ event: "Stop" }, stdin);
  const files = { entry: whole, cut: whole.subarray(0, whole.length - 5), bytes: stdin, empty: "" };
  if (kind === "directory") mkdirSync(file);
  else if (kind === "link") symlinkSync("/dev/zero", file);
  else writeFileSync(file, files[kind]);
}

export const STORAGE = [
  target(
    "envelopes into the store",
    30_000,
    fc.array(fc.oneof({ weight: 8, arbitrary: envelope }, { weight: 1, arbitrary: json }), {
      minLength: 1,
      maxLength: 5,
    }),
    () => {
      const { dir, remove } = home();
      const opened = openSqlite({ file: join(dir, "monitor.db"), now: Date.now });
      assert.ok(opened.ok);
      const store = opened.value;
      const ingest = openIngest({ store, log, onTrouble: () => {} });
      return {
        async check(batch) {
          const answers: Ack[][] = batch.map(() => []);
          for (const [index, one] of batch.entries())
            ingest.take(structuredClone(one), (ack) => answers[index]?.push(ack));
          await ingest.flush();
          for (const [index, [ack, ...more]] of answers.entries()) {
            assert.equal(more.length, 0, "answered once");
            assert.ok(ack, "answered at all");
            const given = Envelope.safeParse(batch[index]);
            assert.ok(ack.ok || ack.permanent, `one event must not hold up the others: ${JSON.stringify(ack)}`);
            if (given.success && ack.ok) assert.equal((await store.envelope(given.data.id))?.id, given.data.id);
          }
          await store.sessions({ limit: 50 });
        },
        async close() {
          await store.close();
          remove();
        },
      };
    },
  ),

  target(
    "a spool directory",
    6000,
    fc.array(
      fc.record({
        name: fc.oneof(
          { weight: 4, arbitrary: fc.tuple(fc.nat(9999), fc.nat(99)).map(([pid, part]) => `12.${part}-${pid}`) },
          { weight: 1, arbitrary: fc.stringMatching(/^[\w.-]{1,20}$/) },
        ),
        kind: fc.constantFrom("entry", "entry", ...KINDS),
        stdin,
      }),
      { minLength: 1, maxLength: 5 },
    ),
    () => {
      const { dir, remove } = home();
      const { paths, ...config } = loadConfig({ MPM_HOME: dir }, "");
      const spool = new Spool({
        dir: paths.spool,
        rejected: openRejected(paths.rejected),
        boot: readBoot(paths.relayBoot, Date.now()),
        onChange: () => {},
        isAlive: () => false,
        isWriting: () => false,
        large: paths.relayLarge,
        monotonic: () => (clock += 60_000),
      });
      let clock = 0;
      const opened = openSequence({ file: paths.relayState, stillThere: (name) => spool.has(name), now: Date.now });
      if (opened.kind === "held") throw new Error("another process holds relay.db");
      const { sequence } = opened;
      const outbound = openOutbound({
        config: { ...config, paths },
        spool,
        sequence,
        log,
        machine: "m",
        hostPids: { namespaceOf: () => undefined },
      });
      return {
        check(files) {
          for (const { name, kind, stdin: bytes } of files) {
            const file = join(paths.spool, name);
            if (name === "." || name === ".." || existsSync(file)) continue;
            make(file, kind, bytesOf(bytes));
          }
          for (let round = 0; round < 4 && readdirSync(paths.spool).length > 0; round++) {
            spool.refresh();
            for (const { name, json } of outbound.next(64) ?? []) {
              assert.ok(Envelope.safeParse(JSON.parse(json)).success, "the monitor takes it");
              spool.remove(name);
            }
          }
          assert.deepEqual(readdirSync(paths.spool), [], "nothing is left that nobody looks at");
          rmSync(paths.rejected, { recursive: true, force: true });
        },
        close() {
          sequence.close();
          spool.close();
          remove();
        },
      };
    },
  ),

  target(
    "the hook's stdin",
    1500,
    fc.record({
      stdin,
      event: fc.oneof(
        fc.constant("Stop"),
        text.map((name) => name.replaceAll("\0", "").toWellFormed()),
      ),
    }),
    () => {
      const { dir, remove } = home();
      mkdirSync(join(dir, "spool"));
      symlinkSync("/proc/self", join(dir, "relay.alive")); // a relay runs, as far as the hook can see
      return {
        async check({ stdin: bytes, event }) {
          for (const old of readdirSync(join(dir, "spool"))) rmSync(join(dir, "spool", old));
          const outcome = await run(HOOK, [event], {
            input: bytesOf(bytes),
            env: { PATH, MPM_HOME: dir },
            timeoutMs: HOOK_WITHIN_MS,
          });
          assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [0, '{"continue":true}\n', ""]);
          const [name, ...more] = readdirSync(join(dir, "spool"));
          assert.ok(name && more.length === 0, "one entry");
          const entry = parseEntry(readFileSync(join(dir, "spool", name)));
          assert.equal(entry?.whole, true);
          assert.equal(entry?.origin.event ?? "", event);
          const kept = entry?.payload.toString("latin1") ?? "";
          assert.ok(bytes.startsWith(kept), "what is kept is what came, from its beginning");
          const line = bytes.replace(/[\r\n]+$/, "");
          if (isObject(line)) assert.equal(kept, line);
        },
        close: remove,
      };
    },
  ),
];

function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(bytesOf(line).toString());
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
