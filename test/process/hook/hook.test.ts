// Promises 1 and 2: whatever the world is like, the hook answers the same, and keeps the event wherever it can.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { notRoot, testUnless } from "../../tools.ts";
import { HOOK, NODE, type Outcome, type RunOptions, run, tempDir, until } from "../../world.ts";
import { ANSWER, entriesOf, SHELLS, type Shell } from "./shells.ts";

const EVENT = '{"hook_event_name":"Stop","session_id":"s-1"}';

function quiet(outcome: Outcome): void {
  assert.deepEqual(
    { status: outcome.status, stdout: outcome.stdout, stderr: outcome.stderr },
    { status: 0, stdout: ANSWER, stderr: "" },
  );
}

/** A home in which a relay seems to run, so that the hook starts none. */
function homeWithRelay(t: TestContext): string {
  const home = tempDir(t);
  symlinkSync("/proc/self", join(home, "relay.alive"));
  return home;
}

for (const shell of SHELLS) {
  describe(`under ${shell.name}`, { skip: shell.skip }, () => {
    const hook = (home: string | undefined, options: RunOptions = {}, event = "Stop") =>
      run(shell.file, [...shell.args, HOOK, event], {
        input: EVENT,
        ...options,
        env: { PATH: "/usr/bin:/bin", ...(home === undefined ? {} : { MPM_HOME: home }), ...options.env },
      });

    test("should the shell give up over what it reads, the status is 0 all the same, and the event is kept", async (t) => {
      const home = tempDir(t);
      mkdirSync(join(home, "spool"));
      const copy = join(tempDir(t), "mpm-hook");
      writeFileSync(copy, readFileSync(HOOK), { mode: 0o755 });
      writeFileSync(join(dirname(copy), "mpm-slow-path"), "exit 2\n"); // what a shell does by itself that gives up; no relay runs, so it is read
      const { status, stdout, stderr } = await run(shell.file, [...shell.args, copy, "Stop"], {
        input: EVENT,
        env: { PATH: "/usr/bin:/bin", MPM_HOME: home },
      });
      assert.deepEqual([status, stderr], [0, ""]);
      assert.ok(stdout === "" || stdout === ANSWER, JSON.stringify(stdout));
      assert.deepEqual(
        entriesOf(home).map(({ payload, whole }) => ({ payload, whole })),
        [{ payload: EVENT, whole: true }],
      );
    });

    test("it stores one whole entry with what only the hook knows", async (t) => {
      const home = homeWithRelay(t);
      quiet(
        await hook(
          home,
          { env: { CLAUDE_PROJECT_DIR: "/p/with\nnewline", CLAUDE_PID: "42", CLAUDE_CODE_ENTRYPOINT: "cli" } },
          "PreToolUse",
        ),
      );
      assert.deepEqual(
        entriesOf(home).map(({ event, payload, whole }) => ({ event, payload, whole })),
        [{ event: "PreToolUse", payload: EVENT, whole: true }],
      );
      const [name] = readdirSync(join(home, "spool"));
      assert.ok(readFileSync(join(home, "spool", name as string)).includes("/p/with\nnewline\u000042\u0000cli\u0000"));
    });

    test("while a relay runs it starts none, though it had to make the spool first", async (t) => {
      const home = homeWithRelay(t);
      quiet(await hook(home));
      assert.deepEqual(readdirSync(home).sort(), ["relay.alive", "spool"]);
    });

    test("directories are 0700 and files 0600 whatever the umask was", async (t) => {
      const home = join(tempDir(t), "new");
      quiet(
        await run("/bin/sh", ["-c", 'umask 000; exec "$@"', "sh", shell.file, ...shell.args, HOOK, "Stop"], {
          input: EVENT,
          env: { PATH: "/usr/bin:/bin", MPM_HOME: home },
        }),
      );
      const [name] = readdirSync(join(home, "spool"));
      assert.equal(statSync(home).mode & 0o777, 0o700);
      assert.equal(statSync(join(home, "spool")).mode & 0o777, 0o700);
      assert.equal(statSync(join(home, "spool", name as string)).mode & 0o777, 0o600);
    });

    for (const [what, input] of [
      [
        "pretty-printed JSON",
        JSON.stringify({ hook_event_name: "Stop", session_id: "x", a: { b: [1, { c: 2 }] } }, null, 2),
      ],
      ["JSON indented by tabs", JSON.stringify({ hook_event_name: "Stop", session_id: "x", a: { b: {} } }, null, "\t")],
      ["JSON without a newline at its end", EVENT],
      ["one byte", "{"],
      ["binary", Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7) % 256))],
      [
        "sixteen megabytes on one line",
        Buffer.from(`{"hook_event_name":"Stop","session_id":"x","a":"${"y".repeat(16e6)}"}\n`),
      ],
    ] as const) {
      test(`it keeps ${what} to the last byte`, async (t) => {
        const home = homeWithRelay(t);
        quiet(await hook(home, { input }));
        const [entry] = entriesOf(home);
        assert.equal(entry?.whole, true);
        assert.equal(entry?.payload === Buffer.from(input).toString().replace(/\n+$/, ""), true);
      });
    }

    test("nothing on stdin, or no stdin at all, is no error and no event", async (t) => {
      const home = homeWithRelay(t);
      quiet(await hook(home, { input: "" }));
      quiet(
        await run("/bin/sh", ["-c", 'exec "$@" <&-', "sh", shell.file, ...shell.args, HOOK, "Stop"], {
          env: { PATH: "/usr/bin:/bin", MPM_HOME: home },
        }),
      );
      assert.deepEqual(
        entriesOf(home).map(({ payload }) => payload),
        ["", ""],
      );
    });

    for (const [what, text] of [
      ["one line", `${EVENT}\n`],
      ["an indented object", `${JSON.stringify({ hook_event_name: "Stop", session_id: "x", a: { b: 1 } }, null, 2)}\n`],
    ] as const) {
      test(`it ends once the object is whole although stdin stays open (${what})`, {
        skip: shell.readsAhead,
      }, async (t) => {
        const home = homeWithRelay(t);
        const child = spawn(shell.file, [...shell.args, HOOK, "Stop"], {
          env: { PATH: "/usr/bin:/bin", MPM_HOME: home },
          stdio: ["pipe", "pipe", "pipe"],
        });
        t.after(() => child.kill("SIGKILL"));
        child.stdin.write(text);
        const [status] = await once(child, "close", { signal: AbortSignal.timeout(8000) });
        assert.equal(status, 0);
        assert.equal(entriesOf(home)[0]?.whole, true);
      });
    }

    test("run by Claude Code itself, it reads the one line that Claude Code writes, of any size, stdin open or not", async (t) => {
      const env = { CLAUDECODE: "1", CLAUDE_PID: String(process.pid) };
      for (const text of [EVENT, `{"a":"${"y".repeat(2e6)}"}`]) {
        const home = homeWithRelay(t);
        quiet(await hook(home, { env, input: text }));
        const child = spawn(shell.file, [...shell.args, HOOK, "Stop"], {
          env: { PATH: "/usr/bin:/bin", MPM_HOME: home, ...env },
          stdio: ["pipe", "ignore", "ignore"],
        });
        t.after(() => child.kill("SIGKILL"));
        child.stdin.write(`${text}\n`);
        await once(child, "close", { signal: AbortSignal.timeout(8000) });
        for (const entry of entriesOf(home)) assert.ok(entry.whole && entry.payload === text);
        assert.equal(entriesOf(home).length, 2);
      }
    });

    test("run by anyone else within Claude Code, it keeps all lines of an indented object", async (t) => {
      const input = JSON.stringify({ hook_event_name: "Stop", session_id: "x", a: { b: 1 } }, null, 2);
      for (const env of [{ CLAUDECODE: "1", CLAUDE_PID: "1" }, { CLAUDECODE: "1" }, { CLAUDE_PID: `${process.pid}` }]) {
        const home = homeWithRelay(t);
        quiet(await hook(home, { env, input }));
        assert.equal(entriesOf(home)[0]?.payload, input);
      }
    });

    testUnless(notRoot)("run by a container's first process, it keeps all lines of an indented object", async (t) => {
      const home = homeWithRelay(t);
      const command = [shell.file, ...shell.args, HOOK, "Stop"].map((word) => `"${word}"`).join(" ");
      const input = JSON.stringify(JSON.parse(EVENT), null, 2);
      quiet(
        await run("unshare", ["--pid", "--fork", "sh", "-c", `${command}; exit $?`], {
          input,
          env: { PATH: "/usr/bin:/bin", MPM_HOME: home },
        }),
      );
      assert.equal(entriesOf(home)[0]?.payload.trimEnd(), input);
    });

    for (const [what, home] of [
      ["HOME and MPM_HOME unset", undefined],
      ["MPM_HOME a file", "/etc/hostname"],
      ["MPM_HOME where nothing can be made", "/proc/nowhere"],
    ] as const) {
      test(`${what}: the answer is the same and stdin is read`, async () => {
        quiet(await hook(home, { input: Buffer.from(`{"a":"${"x".repeat(1e6)}"}\n`) }));
      });
    }

    test("HOME alone is enough", async (t) => {
      const home = tempDir(t);
      mkdirSync(join(home, ".claude-mpm"));
      symlinkSync("/proc/self", join(home, ".claude-mpm/relay.alive"));
      quiet(await hook(undefined, { env: { HOME: home } }));
      assert.equal(entriesOf(join(home, ".claude-mpm")).length, 1);
    });

    test("a home with spaces, quotes and newlines in its path is a home", async (t) => {
      const home = join(tempDir(t), `a 'b' "c"\n$(d) *`);
      mkdirSync(home);
      symlinkSync("/proc/self", join(home, "relay.alive"));
      quiet(await hook(home));
      assert.equal(entriesOf(home).length, 1);
    });

    test("an empty PATH is enough", async (t) => {
      const home = homeWithRelay(t);
      quiet(await hook(home, { env: { PATH: "" } }));
      assert.equal(entriesOf(home)[0]?.whole, true);
    });

    test("fifty at once store fifty", async (t) => {
      const home = homeWithRelay(t);
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, index) => hook(home, { input: `{"n":${index}}` })),
      );
      for (const outcome of outcomes) quiet(outcome);
      assert.deepEqual(
        new Set(entriesOf(home).map(({ payload }) => payload)),
        new Set(Array.from({ length: 50 }, (_, index) => `{"n":${index}}`)),
      );
    });

    test("switched off, it reads stdin, answers the same and keeps nothing", async (t) => {
      for (const env of [{ MPM_DISABLED: "1" }, { MPM_DISABLED: "Yes" }, { CLAUDE_MPM_DISABLED: "true" }]) {
        const home = homeWithRelay(t);
        quiet(await hook(home, { env, input: Buffer.from(`{"a":"${"x".repeat(1e6)}"}\n`) }));
        assert.deepEqual(entriesOf(home), []);
      }
      const home = homeWithRelay(t);
      writeFileSync(join(home, "disabled"), "");
      quiet(await hook(home));
      assert.deepEqual(entriesOf(home), []);
    });

    test("stdout closed, or read by nobody, is no error", async (t) => {
      const home = homeWithRelay(t);
      const outcome = await run("/bin/sh", ["-c", 'exec "$@" >&-', "sh", shell.file, ...shell.args, HOOK, "Stop"], {
        input: EVENT,
        env: { PATH: "/usr/bin:/bin", MPM_HOME: home },
      });
      assert.deepEqual([outcome.status, outcome.stderr], [0, ""]);
      assert.equal(entriesOf(home).length, 1);
    });

    test("an entry that has the name already is never touched", async (t) => {
      const { home, taken } = await nameTaken(t, shell);
      for (const [name, text] of taken) assert.equal(readFileSync(join(home, "spool", name), "utf8"), text);
      assert.equal(entriesOf(home).filter(({ whole }) => whole).length, 1);
    });
  });
}

/**
 * Runs the hook with a /proc/uptime that stands still would need privileges; instead every name that the process can
 * choose in the next seconds is taken beforehand: its pid is known, since the shell that makes the names becomes it.
 */
async function nameTaken(t: TestContext, shell: Shell): Promise<{ home: string; taken: [string, string][] }> {
  const home = homeWithRelay(t);
  mkdirSync(join(home, "spool"));
  const script = `
    read -r up _ </proc/uptime; s=\${up%.*}; i=0
    while [ $i -lt 300 ]; do
      c=$((i % 100)); [ $c -gt 9 ] || c=0$c
      echo taken >"$MPM_HOME/spool/$((s + i / 100)).$c-$$"; i=$((i + 1))
    done
    exec "$@"`;
  quiet(
    await run("/bin/sh", ["-c", script, "sh", shell.file, ...shell.args, HOOK, "Stop"], {
      input: EVENT,
      env: { PATH: "/usr/bin:/bin", MPM_HOME: home },
    }),
  );
  const taken = readdirSync(join(home, "spool"))
    .filter((name) => !/-\d+\.\d+$/.test(name))
    .map((name): [string, string] => [name, "taken\n"]);
  assert.equal(taken.length, 300);
  return { home, taken };
}

describe("the relay that a hook starts", () => {
  test("holds neither stdout nor stderr of the hook, and a relay that cannot start is not tried for every event", async (t) => {
    const home = tempDir(t);
    // A copy of the hook beside a relay that records its start and then stays.
    const root = tempDir(t);
    mkdirSync(join(root, "dist"));
    mkdirSync(join(home, "app"), { recursive: true });
    writeFileSync(
      join(root, "dist/relay.js"),
      `require("fs").appendFileSync(${JSON.stringify(join(home, "starts"))}, process.pid + "\\n"); setTimeout(() => {}, 20000)`,
    );
    writeFileSync(join(home, "app/node"), `${NODE}\n`);
    copyHooks(root);
    const outcomes: Outcome[] = [];
    for (let count = 0; count < 20; count++)
      outcomes.push(
        await run(join(root, "hooks/mpm-hook"), ["Stop"], {
          input: EVENT,
          env: { PATH: "/usr/bin:/bin", MPM_HOME: home },
        }),
      );
    for (const outcome of outcomes) quiet(outcome);
    await until(() => existsSync(join(home, "starts")));
    const pids = readFileSync(join(home, "starts"), "utf8").trim().split("\n").map(Number);
    t.after(() => {
      for (const pid of pids) process.kill(pid, "SIGKILL");
    });
    assert.ok(pids.length <= 2, `started ${pids.length} times for 20 events`);
    assert.equal(entriesOf(home).length, 20);
    assert.equal(
      readFileSync(`/proc/${pids[0]}/stat`, "utf8").split(" ")[5],
      String(pids[0]),
      "it leads a session of its own",
    );
  });

  for (const [what, node] of [
    ["missing", "/nowhere/node"],
    ["broken", "/bin/false"],
    ["no program at all", "/etc/hostname"],
  ] as const) {
    test(`with a node that is ${what} events are stored and nothing is said`, async (t) => {
      const home = tempDir(t);
      const root = tempDir(t);
      copyHooks(root);
      mkdirSync(join(root, "dist"));
      writeFileSync(join(root, "dist/relay.js"), "");
      mkdirSync(join(home, "app"), { recursive: true });
      writeFileSync(join(home, "app/node"), `${node}\n`);
      for (const env of [{}, { MPM_HOOK_DEBUG: "true" }])
        quiet(
          await run(join(root, "hooks/mpm-hook"), ["Stop"], {
            input: EVENT,
            env: { PATH: "/nowhere", MPM_HOME: home, ...env },
          }),
        );
      assert.equal(entriesOf(home).filter(({ whole }) => whole).length, 2);
    });
  }
});

function copyHooks(root: string): void {
  mkdirSync(join(root, "hooks"));
  for (const name of ["mpm-hook", "mpm-slow-path", "mpm-node"]) {
    writeFileSync(join(root, "hooks", name), readFileSync(join(dirname(HOOK), name)));
    chmodSync(join(root, "hooks", name), 0o755);
  }
}
