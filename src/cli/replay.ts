// mpm replay: gives rejected events another chance, for instance after an upgrade that understands them.

import { makeDirectory } from "../platform/directory.ts";
import { plural } from "../platform/text.ts";
import { ensureRelay } from "../services/relay.ts";
import { parseName } from "../spool/entry.ts";
import { openRejected } from "../spool/rejected.ts";
import { flag } from "./arguments.ts";
import { command } from "./command.ts";
import { EXIT, jsonFor } from "./terminal.ts";

export const verb = command({
  text: [
    "Moves what is in rejected/ back into the spool, to be forwarded again. What is refused again comes back to rejected/ with its reason.",
  ],
  options: {
    "dry-run": flag("say what would be forwarded, and change nothing"),
    json: flag('one object: {"events": their names in rejected/, "moved", "dryRun"}'),
  },
  async run({ options }, io) {
    const { paths } = io.config;
    const rejected = openRejected(paths.rejected);
    const names = rejected.names().filter((name) => parseName(name));
    const dryRun = options["dry-run"];
    const say = (moved: number, text: string) =>
      io.out(options.json ? `${jsonFor(io, { events: names, moved, dryRun })}\n` : text);
    if (names.length === 0) {
      await say(0, "mpm: nothing is rejected.\n");
      return EXIT.done;
    }
    if (dryRun) {
      await say(0, `${names.join("\n")}\nmpm: ${plural(names.length, "event")} would be forwarded again.\n`);
      return EXIT.done;
    }
    makeDirectory(paths.spool);
    let moved = 0;
    for (const name of names) if (rejected.restore(paths.spool, name)) moved++;
    ensureRelay(paths, io.env);
    await say(
      moved,
      `mpm: ${plural(moved, "event")} ${moved === 1 ? "is" : "are"} in the spool again. \`mpm status\` shows what becomes of it.\n`,
    );
    return EXIT.done;
  },
});
