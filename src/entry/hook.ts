// dist/hook.js: the hook's twin in Node, for MPM_HOOK_DEBUG=true and for hosts without a POSIX shell.
// - Same promises as hooks/mpm-hook: exit status 0, {"continue":true} or nothing, an entry in the spool, nothing left that holds stdio.
// - Debugging, it also says, step by step, what became of the event: to log/hook.log and, on a terminal, to stderr.

import { homedir } from "node:os";
import { runTwin } from "../capture/hook.ts";
import { loadConfig } from "../config/config.ts";

const [first] = process.argv.slice(2);
if (first !== "--check") {
  const { env } = process;
  await runTwin({
    config: loadConfig(env, env["HOME"] || homedir()),
    env,
    event: first,
    stdin: process.stdin,
    stderr: process.stderr.isTTY && !env["NO_COLOR"] ? "colour" : process.stderr.isTTY ? "plain" : "none",
    write: (text) => void process.stderr.write(text),
  }).catch(() => {}); // whatever happened, it must not be the host's business
  process.stdout.on("error", () => {});
  const answer = first?.endsWith("Compact") ? "" : '{"continue":true}\n'; // Claude Code shows what a hook says there
  process.stdout.write(answer, () => process.exit(0));
}
