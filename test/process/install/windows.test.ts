// What would be registered on Windows and macOS: paths and quoting, computed here, run nowhere.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { handlersFor, isClaudeMpm, ownHook, quoteForShell } from "../../../src/install/handler.ts";
import { ROOT, run } from "../../world.ts";

const TABLE = join(ROOT, "hooks/hooks.json");
const WINDOWS = {
  platform: "win32",
  app: "C:\\Users\\Ada Lovelace\\.claude-mpm\\app",
  node: "C:\\Program Files\\nodejs\\node.exe",
} as const;
const stop = (target: Parameters<typeof handlersFor>[2]) => handlersFor(TABLE, ["Stop"], target).get("Stop");

const hookOf = (handler: unknown) => {
  const hook = ownHook(handler);
  return hook?.kind === "path" ? hook.path : undefined;
};

test("on Windows, Node runs the hook in Node, in exec form: no shell, no quoting", () => {
  const handler = stop({ ...WINDOWS, host: "2.1.330" });
  assert.deepEqual(handler, {
    type: "command",
    command: "C:\\Program Files\\nodejs\\node.exe",
    args: ["C:\\Users\\Ada Lovelace\\.claude-mpm\\app\\dist\\hook.js", "Stop"],
    timeout: 5,
  });
  assert.equal(hookOf(handler), "C:\\Users\\Ada Lovelace\\.claude-mpm\\app\\dist\\hook.js", "and it is known again");
});

test("on Windows before the exec form, the command line is one for Git Bash", async () => {
  const handler = stop({ ...WINDOWS, host: "2.1.100" });
  assert.equal(
    handler?.command,
    '"C:/Program Files/nodejs/node.exe" "C:/Users/Ada Lovelace/.claude-mpm/app/dist/hook.js" Stop',
  );
  assert.equal(hookOf(handler), "C:/Users/Ada Lovelace/.claude-mpm/app/dist/hook.js");
  const { stdout } = await run("/bin/sh", ["-c", `printf '%s|' ${handler?.command}`], {
    env: { PATH: "/usr/bin:/bin" },
  });
  assert.equal(stdout, "C:/Program Files/nodejs/node.exe|C:/Users/Ada Lovelace/.claude-mpm/app/dist/hook.js|Stop|");
});

test("on macOS, it is the shell script, as on Linux", () => {
  const app = "/Users/ada/Library/My Home/app";
  assert.deepEqual(stop({ platform: "darwin", app, node: "/opt/homebrew/bin/node", host: "2.1.330" }), {
    type: "command",
    command: `${app}/hooks/mpm-hook`,
    args: ["Stop"],
    timeout: 5,
  });
  assert.equal(
    stop({ platform: "darwin", app, node: "/opt/homebrew/bin/node", host: "2.1.100" })?.command,
    "'/Users/ada/Library/My Home/app/hooks/mpm-hook' Stop",
  );
});

test("whatever a path holds, a shell reads its quoted form as that one word, and the hook is known by it", async () => {
  const words = fc.sample(
    fc.string({ unit: fc.constantFrom(..."ab/ '\"\\$`!*?[]{}()<>|&;~#%=\n\té潮"), minLength: 1, maxLength: 20 }),
    { numRuns: 300, seed: 4 },
  );
  const line = words.map(quoteForShell).join(" ");
  const { stdout, stderr } = await run("/bin/sh", ["-c", `for word in ${line}; do printf '%s\\0' "$word"; done`], {
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" },
  });
  assert.equal(stderr, "");
  assert.deepEqual(stdout.split("\0").slice(0, -1), words);
  for (const word of words) {
    const hook = `/${word}/hooks/mpm-hook`;
    assert.equal(hookOf({ type: "command", command: `${quoteForShell(hook)} Stop` }), hook);
  }
});

test("commands of others are never taken for ours", () => {
  for (const command of [
    "/opt/hooks/mpm-hook.bak Stop",
    "/opt/hooks/mpm-hooks",
    "mpm-hook",
    "cat /opt/hooks/mpm-hook-notes",
    "echo done # ~/.claude-mpm/app/hooks/mpm-hook",
    "node C:\\other\\dist\\hook.js Stop",
    "/home/u/.venv/bin/claude-hook",
  ])
    assert.equal(hookOf({ type: "command", command }), undefined, command);
  for (const other of [null, 7, "x", {}, { type: "prompt", prompt: "/a/hooks/mpm-hook" }, { type: "http", url: "x" }])
    assert.equal(hookOf(other), undefined);
  assert.equal(isClaudeMpm({ type: "command", command: "/x/scripts/claude-hook-handler.sh" }), true);
  assert.equal(isClaudeMpm({ type: "command", command: "/x/hooks/mpm-hook" }), false);
});
