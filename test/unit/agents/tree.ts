// Agent files for tests and benchmarks, and a project with three tiers of its own.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { DeployOptions } from "../../../src/agents/deploy.ts";
import { type Config, loadConfig } from "../../../src/config/config.ts";
import { dist, NODE, type Outcome, type RunOptions, run, tempWorld } from "../../world.ts";

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

export interface Scene {
  readonly home: string;
  readonly project: string;
  /** Directories of the tiers. */
  readonly tiers: { readonly project: string; readonly user: string; readonly system: string };
  /** Where agents are deployed to. */
  readonly directory: string;
  /** For `deployAgents` and its like. */
  readonly options: DeployOptions;
  /** For the CLI, whose SYSTEM tier are the bundled agents. */
  readonly cli: RunOptions;
}

/** A home and a project in it, both without agents, that end with the test. @param at the project, within the home */
export function scene(t: TestContext, at = "project"): Scene {
  const { env, home, mpmHome } = tempWorld(t);
  const project = join(home, at);
  mkdirSync(project, { recursive: true });
  const tiers = {
    project: join(project, ".claude-mpm/agents"),
    user: join(mpmHome, "agents"),
    system: join(home, "bundled"),
  };
  const options = { config: configFor(home), project, bundled: tiers.system };
  return { home, project, tiers, options, directory: join(project, ".claude/agents"), cli: { env, cwd: project } };
}

/** Every file below a directory by relative path; {} where there is none. */
export function contents(dir: string): Record<string, string> {
  const found: Record<string, string> = {};
  try {
    for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) found[path.slice(dir.length + 1)] = readFileSync(path, "latin1");
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The CLI held to the permissions of files, as every user is but root. */
export function powerless(args: readonly string[], options: RunOptions): Promise<Outcome> {
  const command = [NODE, dist("cli.js"), ...args] as const;
  if (process.getuid?.() !== 0) return run(command[0], command.slice(1), options);
  return run("setpriv", ["--bounding-set=-all", "--inh-caps=-all", ...command], options);
}
