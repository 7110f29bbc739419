// mpm replay: gives rejected events another chance, for instance after an upgrade that understands them.

import { parseArgs } from "node:util";
import { makeDirectory } from "../platform/directory.ts";
import { ensureRelay } from "../services/relay.ts";
import { parseName } from "../spool/entry.ts";
import { openRejected } from "../spool/rejected.ts";
import { EXIT, type Io, plural } from "./terminal.ts";

const HELP = `mpm replay [--dry-run]

Moves what is in rejected/ back into the spool, to be forwarded again. What is refused again
comes back to rejected/ with its reason.
`;

export async function run(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { "dry-run": { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    await io.out(HELP);
    return EXIT.done;
  }
  const { paths } = io.config;
  const rejected = openRejected(paths.rejected);
  const names = rejected.names().filter((name) => parseName(name));
  if (names.length === 0) {
    await io.out("mpm: nothing is rejected.\n");
    return EXIT.done;
  }
  if (values["dry-run"]) {
    await io.out(`${names.join("\n")}\nmpm: ${plural(names.length, "event")} would be forwarded again.\n`);
    return EXIT.done;
  }
  makeDirectory(paths.spool);
  let moved = 0;
  for (const name of names) if (rejected.restore(paths.spool, name)) moved++;
  ensureRelay(paths, io.env);
  await io.out(
    `mpm: ${plural(moved, "event")} ${moved === 1 ? "is" : "are"} in the spool again. \`mpm status\` shows what becomes of it.\n`,
  );
  return EXIT.done;
}
