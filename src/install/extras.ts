// What of ours may stand in Claude Code's files beside the hooks: the MCP server in its own configuration, the status line
// in the user's settings. Only who asks for one gets it, and what another has put in its place stays.
// - app/extras remembers what was empty before ours went in, so that it can be given back byte for byte.

import { existsSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod/mini";
import type { Config } from "../config/config.ts";
import { makeDirectory } from "../platform/directory.ts";
import { replaceFile } from "../platform/file.ts";
import { readText } from "../platform/read.ts";
import { makeDirectories, readSnapshot } from "./file.ts";
import { quoteForShell } from "./handler.ts";
import { type MemberPath, memberIn, withMember, withoutMember } from "./member.ts";
import { type Result, rewrite } from "./registration.ts";
import { settingsFile } from "./scope.ts";

export const EXTRAS = ["mcp", "statusline"] as const;
export type Extra = (typeof EXTRAS)[number];

/** Where it stands, and what its value is made for. */
interface Standing {
  readonly file: string;
  readonly path: MemberPath;
  readonly value: unknown;
}

/** `taken`: somebody else's stands there, and stays. */
export type ExtraResult = Result | { readonly done: "taken"; readonly file: string };

interface Options {
  readonly dryRun: boolean;
  /** ms since 1970 */
  readonly now: number;
}

/** Where an extra of this installation stands, or would. */
function standingOf(extra: Extra, config: Config): Standing {
  return extra === "mcp"
    ? { file: ownConfiguration(config), path: ["mcpServers", "mpm"], value: mcpServer(config) }
    : { file: settingsFile("user", config, ""), path: ["statusLine"], value: statusLine(config) };
}

/** Puts it where Claude Code looks for it, unless somebody else's is there. @throws FileTrouble */
export async function addExtra(config: Config, extra: Extra, options: Options): Promise<ExtraResult> {
  const { file, path, value } = standingOf(extra, config);
  const there = extraIn(config, extra);
  if (there.value !== undefined && !there.isOurs) return { done: "taken", file };
  if (!options.dryRun) makeDirectories(dirname(file));
  const earlier = remembered(config)[extra];
  return rewrite(config, { scope: "user", file }, options, {
    hollows: earlier?.hollows ?? {},
    change: (text, hollows) => withMember(text ?? "\n", path, value, hollows),
    stands: (text) => text !== undefined && isOurs(extra, valueIn(text, path)),
    remember: (text, hollows) =>
      remember(config, extra, { hollows, madeFile: (earlier?.madeFile ?? false) || text === undefined }),
  });
}

/** Takes it out where it is this installation's, or one's that is gone. @throws FileTrouble */
export async function removeExtra(config: Config, extra: Extra, options: Options): Promise<Result> {
  const { file, path } = standingOf(extra, config);
  const there = extraIn(config, extra);
  const earlier = remembered(config)[extra];
  const result: Result = there.isOurs
    ? await rewrite(config, { scope: "user", file }, options, {
        hollows: earlier?.hollows ?? {},
        change(text, hollows) {
          if (text === undefined) return { text, hollows };
          const change = withoutMember(text, path, hollows);
          const isEmpty = "text" in change && earlier?.madeFile === true && /^\s*(?:\{\s*\})?\s*$/.test(change.text);
          return isEmpty ? { text: undefined, hollows: {} } : change;
        },
      })
    : { done: "unchanged", file, before: undefined, after: undefined };
  if (!options.dryRun && result.done !== "refused") remember(config, extra, undefined);
  return result;
}

export interface ExtraSeen {
  readonly file: string;
  /** undefined where nothing stands. */
  readonly value: unknown;
  readonly isOurs: boolean;
  /** As this version would write it. */
  readonly isCurrent: boolean;
}

/** What stands in its place now. @throws FileTrouble */
export function extraIn(config: Config, extra: Extra): ExtraSeen {
  const { file, path, value: wanted } = standingOf(extra, config);
  const value = valueIn(readSnapshot(file).text ?? "", path);
  const program = programIn(extra, value);
  const isCurrent = JSON.stringify(value) === JSON.stringify(wanted);
  const isOfThisHome = program !== undefined && (program.startsWith(config.paths.app) || !existsSync(program));
  return { file, value, isOurs: isCurrent || isOfThisHome, isCurrent };
}

/** Whether it was asked for. */
export const wasAdded = (config: Config, extra: Extra): boolean => remembered(config)[extra] !== undefined;

function valueIn(text: string, path: MemberPath): unknown {
  const found = memberIn(text, path);
  return "value" in found ? found.value : undefined;
}

const isOurs = (extra: Extra, value: unknown): boolean => programIn(extra, value) !== undefined;

/** The file that Claude Code keeps its own state in, with the servers of a user. Read in 2.1.330: an older name goes on. */
function ownConfiguration({ claudeHome, claudeHomeGiven, userHome }: Config): string {
  const usual = join(claudeHomeGiven === "default" ? userHome : claudeHome, ".claude.json");
  const older = join(claudeHome, ".config.json");
  const isOlder = (statSync(older, { throwIfNoEntry: false })?.size ?? 0) > 0 && !existsSync(usual);
  return isOlder ? older : usual;
}

function mcpServer({ paths }: Config): object {
  const env = { MPM_HOME: paths.home };
  const [command, ...args] =
    process.platform === "win32"
      ? [process.execPath, join(paths.app, "dist/cli.js"), "mcp"]
      : [join(paths.app, "hooks/mpm-node"), "cli", "mcp"];
  return { type: "stdio", command, args, env };
}

function statusLine({ paths }: Config): object {
  return { type: "command", command: quoteForShell(join(paths.app, "hooks/mpm-statusline")) };
}

const Command = z.looseObject({ command: z.string(), args: z.optional(z.array(z.string())) });

/** The program that an entry of ours runs; undefined for another's. */
function programIn(extra: Extra, value: unknown): string | undefined {
  const read = Command.safeParse(value);
  if (!read.success) return undefined;
  const { command, args = [] } = read.data;
  if (extra === "statusline") {
    const path = command.replace(/^'(.*)'$/s, (_, quoted: string) => quoted.replaceAll("'\\''", "'"));
    return /\/hooks\/mpm-statusline$/.test(path) ? path : undefined;
  }
  if (/[\\/]hooks[\\/]mpm-node$/.test(command) && args.at(-1) === "mcp") return command;
  return args.at(-1) === "mcp" ? args.find((word) => /[\\/]app[\\/]dist[\\/]cli\.js$/.test(word)) : undefined;
}

const Memory = z.looseObject({ hollows: z.record(z.string(), z.string()), madeFile: z.boolean() });
type Memory = z.infer<typeof Memory>;
const Memories = z.partialRecord(z.enum(EXTRAS), Memory);

function remembered({ paths }: Config): z.infer<typeof Memories> {
  try {
    return Memories.parse(JSON.parse(readText(join(paths.app, "extras")) ?? "{}"));
  } catch {
    return {};
  }
}

function remember(config: Config, extra: Extra, memory: Memory | undefined): void {
  const { [extra]: _, ...others } = remembered(config);
  const all = memory ? { ...others, [extra]: memory } : others;
  const file = join(config.paths.app, "extras");
  if (Object.keys(all).length === 0) rmSync(file, { force: true });
  else {
    makeDirectory(config.paths.app);
    replaceFile(file, `${JSON.stringify(all)}\n`, { durable: true });
  }
}
