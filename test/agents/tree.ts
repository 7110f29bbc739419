// Agent files for tests and benchmarks.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Config, loadConfig } from "../../src/config.ts";

/** A configuration for that home, with nothing of the machine's. */
export function configFor(home: string, env: Record<string, string> = {}): Config {
  return loadConfig({ MPM_HOME: join(home, ".claude-mpm"), ...env }, home);
}

/** Writes files below a directory, by relative path. */
export function plant(dir: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
}

/** A valid agent in Markdown; extra lines go into its front matter. */
export function markdown(name: string, extra = "", body = `You are ${name}.`): string {
  return `---\nname: ${name}\ndescription: Does what ${name} does. Use it for that.\n${extra}---\n\n${body}\n`;
}

/** A valid agent in JSON. */
export function template(name: string, extra: Record<string, unknown> = {}): string {
  const fields = { agent_id: name, description: `Does what ${name} does`, tools: ["Read", "Grep"], model: "sonnet" };
  return JSON.stringify({ ...fields, instructions: `You are ${name}.\nBe brief.`, ...extra }, null, 2);
}
