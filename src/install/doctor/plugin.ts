// The plugin, where it records and nothing is installed: as the settings enable it, or as --plugin-dir has given it.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { World } from "../../config/world.ts";
import { readStatus } from "../../services/presence.ts";
import { isBefore } from "../host.ts";
import { pluginEnabled } from "../switches.ts";

export interface Plugin {
  /** As settings enable it; absent where only what it does is seen. */
  readonly name?: string;
  /** Its copy of the hooks; absent where it has not been found. */
  readonly root?: string;
}

/** The plugin that Claude Code runs when it is started here, as far as that leaves a trace. */
export function findPlugin({ config, cwd }: World): Plugin | undefined {
  const name = pluginEnabled(config, cwd);
  const root =
    rootSeen(config.paths.app, readStatus(config.paths)?.program) ?? (name && rootInCache(config.claudeHome));
  return name || root ? { ...(name ? { name } : {}), ...(root ? { root } : {}) } : undefined;
}

/** A relay is started by the hook that finds none: one of a plugin runs the plugin's program. */
function rootSeen(app: string, program: string | undefined): string | undefined {
  return program !== undefined && program !== join(app, "dist") && isRoot(program) ? program : undefined;
}

/** The newest of the copies that Claude Code has made of it. */
function rootInCache(claudeHome: string): string | undefined {
  const cache = join(claudeHome, "plugins/cache");
  const copies = listed(cache).flatMap((marketplace) => {
    const versions = join(cache, marketplace, "mpm-hook");
    return listed(versions).map((version) => ({ version, root: join(versions, version) }));
  });
  const usable = copies.filter(({ root }) => isRoot(root));
  return usable.sort((a, b) => (isBefore(a.version, b.version) ? 1 : -1))[0]?.root;
}

function isRoot(directory: string): boolean {
  return existsSync(join(directory, "hooks/mpm-hook")) && existsSync(join(directory, ".claude-plugin/plugin.json"));
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
