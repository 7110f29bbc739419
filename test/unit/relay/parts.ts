// The parts of a relay over a home of its own, as relay.ts puts them together.

import { mkdirSync } from "node:fs";
import type { TestContext } from "node:test";
import { pino } from "pino";
import { loadConfig } from "../../../src/config/config.ts";
import { Latch } from "../../../src/platform/latch.ts";
import { type OutboundOptions, openOutbound } from "../../../src/relay/outbound.ts";
import { openSequence } from "../../../src/relay/sequence.ts";
import { readBoot } from "../../../src/spool/order.ts";
import { openRejected } from "../../../src/spool/rejected.ts";
import { Spool } from "../../../src/spool/spool.ts";
import { tempDir } from "../../world.ts";

export const silent = pino({ level: "silent" });

export function relayParts(t: TestContext, home = tempDir(t), leaving?: OutboundOptions["leaving"]) {
  mkdirSync(home, { recursive: true });
  const config = loadConfig({ MPM_HOME: home }, home);
  const { paths } = config;
  const wake = new Latch();
  const rejected = openRejected(paths.rejected);
  const spool = new Spool({
    dir: paths.spool,
    rejected,
    boot: readBoot(paths.relayBoot, Date.now()),
    onChange: wake.set,
    isAlive: () => false,
    isWriting: () => false,
    large: paths.relayLarge,
    monotonic: () => performance.now(),
  });
  const opened = openSequence({ file: paths.relayState, stillThere: (name) => spool.has(name), now: Date.now });
  if (opened.kind === "held") throw new Error("another process holds relay.db");
  const { sequence } = opened;
  const outbound = openOutbound({
    config,
    spool,
    sequence,
    log: silent,
    machine: "m",
    hostPids: { namespaceOf: () => undefined },
    leaving,
  });
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    spool.close();
    sequence.close();
  };
  t.after(close);
  return { home, config, paths, wake, rejected, spool, sequence, outbound, close };
}
