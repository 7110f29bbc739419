// A terminal for tests: a program in tmux, what is typed into it, what stands on its screen.

import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { run, tempDir, until } from "../../world.ts";

const DEADLINE_MS = 30_000;

export interface Terminal {
  /** Types letters, without Enter. */
  type(letters: string): Promise<unknown>;
  /** Presses a key as tmux names it: Enter, Tab, C-c. */
  press(key: string): Promise<unknown>;
  /** Waits until the screen fits, and returns it. */
  see(what: RegExp): Promise<string>;
  screen(): Promise<string>;
  resize(size: Size): Promise<unknown>;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Starts a program in a terminal of that size; it ends with the test. */
export async function terminal(
  t: TestContext,
  command: readonly string[],
  env: Record<string, string>,
  { columns, rows }: Size = { columns: 100, rows: 40 },
): Promise<Terminal> {
  const dir = tempDir(t, "mpm-term-");
  const tmux = (...args: string[]) =>
    run("tmux", ["-S", join(dir, "tmux"), ...args], { env: { LANG: "C.UTF-8", ...env, TERM: "xterm" } });
  const size = ["-x", String(columns), "-y", String(rows)];
  await tmux("-u", "-f", "/dev/null", "new-session", "-d", ...size, "-c", dir, ...command);
  t.after(() => tmux("kill-server"));
  const screen = async () => (await tmux("capture-pane", "-p")).stdout;
  return {
    screen,
    resize: ({ columns: x, rows: y }) => tmux("resize-window", "-x", String(x), "-y", String(y)),
    type: (letters) => tmux("send-keys", "-l", letters),
    press: (key) => tmux("send-keys", key),
    async see(what) {
      let seen = "";
      await until(
        async () => {
          seen = await screen();
          return what.test(seen);
        },
        DEADLINE_MS,
        `${what} on the screen`,
      ).catch((error: Error) => assert.fail(`${error.message}; it shows:\n${seen.trimEnd()}`));
      return seen;
    },
  };
}
