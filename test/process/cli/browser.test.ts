// mpm monitor open: a browser where one opens, else the link. Ports that are taken: the advice fits what was asked.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { mpm, tempWorld } from "../../world.ts";

const LINK = /^mpm: open this link within a minute; it works once:\nhttp:\/\/127\.0\.0\.1:\d+\/login\?code=\S+\n$/;

/** A home on a desktop whose programs are `opener` alone, as xdg-open. */
function desktop(t: TestContext, opener?: string): Record<string, string> {
  const { env, home, mpmHome } = tempWorld(t, { DISPLAY: ":7", MPM_NO_BROWSER: "", PATH: "" });
  const bin = join(home, "bin");
  for (const dir of [bin, mpmHome]) mkdirSync(dir, { mode: 0o700 });
  writeFileSync(join(mpmHome, "config.json"), '{"monitor":{"port":0}}');
  if (opener !== undefined) writeFileSync(join(bin, "xdg-open"), `#!/bin/sh\n${opener}\n`, { mode: 0o755 });
  return { ...env, PATH: bin };
}

test("where no browser can open, the link is printed, and how long it is good", async (t) => {
  for (const opener of [undefined, "exit 3"]) {
    const { status, stdout, stderr } = await mpm(["monitor", "open"], { env: desktop(t, opener) });
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, LINK);
  }
});

test("where one opens, no link is printed", async (t) => {
  const { status, stdout } = await mpm(["monitor", "open"], { env: desktop(t, "exit 0") });
  assert.equal(status, 0);
  assert.match(stdout, /^mpm: the dashboard opens in the browser, at http:\S+\.\n$/);
});

test("over ssh it is said how a browser at home reaches it", async (t) => {
  const env = { ...desktop(t), DISPLAY: "", SSH_CONNECTION: "192.0.2.1 1 192.0.2.2 22" };
  const { stdout } = await mpm(["monitor", "open"], { env });
  assert.match(stdout, /ssh -L (\d+):127\.0\.0\.1:\1 to here first\.\n$/);
});

test("a port that is taken is said by the verb that asked for it, with advice that it takes", async (t) => {
  const stranger = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => stranger.once("listening", resolve));
  t.after(() => stranger.close());
  const { port } = stranger.address() as { port: number };
  const env = desktop(t);
  const taken = new RegExp(`: port ${port} is taken by another program\\. `);
  for (const words of [["monitor"], ["monitor", "start"]]) {
    const { status, stderr } = await mpm([...words, `--port=${port}`], { env });
    assert.equal(status, 1);
    assert.match(stderr, taken);
    assert.match(stderr, /\. Name another with --port; 0 takes any\.\n$/);
  }
  writeFileSync(join(env["MPM_HOME"] ?? "", "config.json"), JSON.stringify({ monitor: { port } }));
  for (const words of [["monitor"], ["monitor", "start"], ["monitor", "open"], ["install", "--try"]]) {
    const { status, stderr } = await mpm(words, { env });
    assert.equal(status, 1, words.join(" "));
    assert.match(stderr, taken);
    assert.match(
      stderr,
      /`mpm config set monitor\.port PORT` chooses another; `mpm monitor start --port 0` takes any\.\n$/,
    );
  }
});
