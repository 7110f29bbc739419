// mpm pause and mpm resume: the file `disabled`, while which exists hooks do nothing.

import { existsSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { makeDirectory } from "../platform/directory.ts";
import { EXIT, type Io } from "./terminal.ts";

export async function pause(args: string[], io: Io): Promise<number> {
  if (await helped(args, io, "mpm pause\n\nHooks do nothing until `mpm resume`. Nothing that is stored is lost.\n"))
    return EXIT.done;
  const { home, disabled } = io.config.paths;
  makeDirectory(home);
  const already = existsSync(disabled);
  if (!already) writeFileSync(disabled, "", { mode: 0o600 });
  await io.out(
    `mpm: the hooks ${already ? "were paused already" : "are paused"}. \`mpm resume\` lets them record again.\n`,
  );
  return EXIT.done;
}

export async function resume(args: string[], io: Io): Promise<number> {
  if (await helped(args, io, "mpm resume\n\nHooks record again after `mpm pause`.\n")) return EXIT.done;
  const { disabled } = io.config.paths;
  const paused = existsSync(disabled);
  rmSync(disabled, { force: true });
  await io.out(`mpm: the hooks ${paused ? "record again" : "were not paused"}.\n`);
  return EXIT.done;
}

async function helped(args: string[], io: Io, text: string): Promise<boolean> {
  const { values } = parseArgs({ args, options: { help: { type: "boolean", short: "h" } } });
  if (values.help) await io.out(text);
  return values.help ?? false;
}
