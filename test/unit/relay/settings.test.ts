// When a relay reads its settings: not before it can be found.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import { loadConfig } from "../../../src/config/config.ts";
import { openLog } from "../../../src/platform/log.ts";
import { runRelay } from "../../../src/relay/relay.ts";
import { relayPid } from "../../../src/services/relay.ts";
import { tempWorld } from "../../world.ts";

test("a relay reads its settings once it is announced: who changes them finds it, or has changed them in time", async (t) => {
  const { env, home, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { mode: 0o700 });
  const back = process.cwd();
  process.chdir(mpmHome);
  t.after(() => process.chdir(back));
  const { paths } = loadConfig(env, home);
  let [found, held]: [number | undefined, string] = [undefined, ""];
  const settings = () => {
    found = relayPid(paths);
    const config = loadConfig(env, home);
    return { config, log: openLog(config, "relay") };
  };
  const other = () =>
    runRelay({ paths, settings: () => assert.fail("it is not the one"), env, signal: never, once: true });
  const never = new AbortController().signal;
  const ended = runRelay({ paths, settings, env, signal: never, once: true });
  held = (await other()).kind;
  assert.equal((await ended).kind, "ended");
  assert.deepEqual([found, held], [process.pid, "held"]);
});
