// dist/hook-debug.js: what dist/hook.js says when debugging.

import { explain, type Told } from "../capture/explain.ts";
import { loadConfig } from "../config/config.ts";

type Given = Pick<Told, "event" | "read" | "captured"> & { readonly userHome: string };

/** Tells the event's story to log/hook.log and, where it is a terminal, to stderr. */
export function explainTo({ userHome, ...rest }: Given): Promise<void> {
  const { env, stderr } = process;
  return explain({
    ...rest,
    config: loadConfig(env, userHome),
    stderr: stderr.isTTY && !env["NO_COLOR"] ? "colour" : stderr.isTTY ? "plain" : "none",
    write: (text) => void stderr.write(text),
  });
}
