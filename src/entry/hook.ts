// dist/hook.js: the hook in Node, for MPM_HOOK_DEBUG=true and for hosts without a POSIX shell.
// - Same promises as hooks/mpm-hook: exit status 0, {"continue":true} or nothing, an entry in the spool, nothing left that holds stdio.
// - Debugging, it also says what became of the event; what that needs is loaded then.

import { capture } from "../capture/capture.ts";
import { isOn, mpmHome, pathsOf, variable } from "../config/paths.ts";
import { userHomeOf } from "./user-home.ts";

const [first] = process.argv.slice(2);

async function run(): Promise<void> {
  const { env, stdin } = process;
  const userHome = userHomeOf(env);
  const paths = pathsOf(mpmHome(env, userHome));
  const { read, captured } = await capture({ paths, env, event: first, stdin });
  if (!isOn(variable(env, "HOOK_DEBUG"))) return;
  const { explainTo } = await import("./hook-debug.ts");
  await explainTo({ userHome, event: first, read, captured });
}

if (first !== "--check") {
  await run().catch(() => {}); // whatever happened, it must not be the host's business
  process.stdout.on("error", () => {});
  const answer = first?.endsWith("Compact") ? "" : '{"continue":true}\n'; // Claude Code shows what a hook says there
  process.stdout.write(answer, () => process.exit(0));
}
