// Sessions of the real Claude Code against the scripted model, in print mode or in a terminal (tmux).
// - Each has a home, a workspace and a temporary directory of its own; nothing of the machine's environment comes along.
// - What was started ends with its scope; waiting is for something seen, never for a time.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killThoseOf, type Outcome, run, until } from "../world.ts";
import { installHost } from "./install-host.ts";
import { type Model, type Request, startModel } from "./model.ts";
import { loadScript } from "./script.ts";

/** A TestContext, or anything else that ends. */
export interface Scope {
  after(release: () => void | Promise<void>): void;
}

/** Where a user works. */
export interface Place {
  readonly root: string;
  readonly home: string;
  readonly workspace: string;
  readonly tmp: string;
}

export interface HostOptions {
  /** Name of a file in scripts/. */
  readonly script: string;
  /** Absent: the script's. */
  readonly prompt?: string;
  /** Absent: a new one. */
  readonly place?: Place;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The command line that starts the host, made of its own; absent: its own. */
  readonly command?: (claude: readonly string[]) => readonly string[];
}

export interface Session extends Place {
  readonly exit: number | null;
  readonly wallMs: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly debugLog: string;
  /** What the model was asked, in order of arrival. */
  readonly requests: readonly Request[];
}

export interface Terminal extends Place {
  readonly model: Model;
  /** Types the line, waits until it is on the screen, and presses Enter. */
  enter(line: string): Promise<void>;
  /** tmux key names, such as Enter, Escape, Down. */
  press(...keys: string[]): Promise<void>;
  screen(): Promise<string>;
  resize(columns: number, rows: number): Promise<void>;
  /** Until the screen shows it; the error shows the screen. */
  waitFor(shown: string | RegExp): Promise<void>;
  /** Waits for a dialog that shows the question, moves to the choice that begins so, and takes it. */
  answer(question: string, choice: string): Promise<void>;
  /** Asks the host to leave, and waits until it has. */
  exit(): Promise<void>;
  debugLog(): string;
}

const PROJECT = join(import.meta.dirname, "project");
const API_KEY = "sk-ant-00000000000000000000";
const START_OF_PROJECT = "2026-01-05T08:00:00Z";
const SESSION_LIMIT_MS = 120_000;
const SCREEN_LIMIT_MS = 30_000;
const KEY_LIMIT_MS = 700;
const KEY_TRIES = 10;
const PROMPT_SIGN = "❯";

/** A home with a small project in it, in a git repository with one commit. */
export async function newPlace(scope: Scope): Promise<Place> {
  const root = mkdtempSync(join(tmpdir(), "mpm-host-"));
  scope.after(async () => {
    await killThoseOf(root);
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  });
  const home = join(root, "home");
  const place = { root, home, workspace: join(home, "work/tidepool"), tmp: join(root, "tmp") };
  for (const dir of [join(home, ".claude"), place.workspace, place.tmp]) mkdirSync(dir, { recursive: true });
  cpSync(PROJECT, place.workspace, { recursive: true });
  const git = ["-c", "user.name=Dana", "-c", "user.email=dana@example.com", "-C", place.workspace];
  // The same commit every time: the host shows it to the model.
  const at = { GIT_AUTHOR_DATE: START_OF_PROJECT, GIT_COMMITTER_DATE: START_OF_PROJECT };
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, ...at };
  for (const args of [
    ["init", "-q", "-b", "main"],
    ["add", "-A"],
    ["commit", "-q", "-m", "Start"],
  ])
    await run("git", [...git, ...args], { env });
  return place;
}

/** One session of `claude -p`, to its end. */
export async function hostSession(scope: Scope, options: HostOptions): Promise<Session> {
  const stage = await setUp(scope, options);
  const { place, script, env, log } = stage;
  try {
    const args = ["-p", options.prompt ?? script.prompt, "--dangerously-skip-permissions", "--debug-file", log];
    const claude = [await installHost(), ...args, ...(options.args ?? [])];
    const [file = "", ...rest] = options.command?.(claude) ?? claude;
    const { status, ms, stdout, stderr } = await run(file, rest, {
      env,
      cwd: place.workspace,
      timeoutMs: SESSION_LIMIT_MS,
    });
    const { requests } = stage.model;
    return { ...place, exit: status, wallMs: ms, stdout, stderr, requests, debugLog: readFileSync(log, "utf8") };
  } finally {
    await stage.model.close();
  }
}

/** An interactive session; ready for input when it resolves. */
export async function hostTerminal(scope: Scope, options: HostOptions): Promise<Terminal> {
  const { place, env, log, model } = await setUp(scope, options);
  const socket = join(place.tmp, "tmux");
  const tmux = (...args: string[]): Promise<Outcome> => run("tmux", ["-S", socket, ...args], { env });
  const own = [await installHost(), "--debug-file", log, "--permission-mode", "default", ...(options.args ?? [])];
  const claude = options.command?.(own) ?? own;
  const size = ["-x", "140", "-y", "45"];
  await tmux("-f", "/dev/null", "new-session", "-d", "-s", "host", ...size, "-c", place.workspace, ...claude);
  scope.after(async () => {
    await tmux("kill-server");
  });

  const screen = async (): Promise<string> => {
    const { stdout } = await tmux("capture-pane", "-p", "-t", "host");
    return stdout.replaceAll("\u00a0", " "); // as the host draws the space after its prompt
  };
  const press = async (...keys: string[]): Promise<void> => {
    await tmux("send-keys", "-t", "host", ...keys);
  };
  const waitFor = async (shown: string | RegExp): Promise<void> => {
    let seen = "";
    const there = async (): Promise<boolean> => {
      seen = await screen();
      return typeof shown === "string" ? seen.includes(shown) : shown.test(seen);
    };
    await until(there, SCREEN_LIMIT_MS, `${shown} on the screen`).catch((error: Error) => {
      throw new Error(`${error.message}; it shows:\n${seen.replace(/\n\s*\n/g, "\n")}`);
    });
  };
  const enter = async (line: string): Promise<void> => {
    await tmux("send-keys", "-t", "host", "-l", line);
    await waitFor(`${PROMPT_SIGN} ${line}`);
    await press("Enter");
  };
  /** Presses the key until it has had an effect: a dialog ignores keys that come too soon after it. */
  const pressUntil = async (key: string, done: (seen: string) => boolean): Promise<void> => {
    const isDone = async (): Promise<boolean> => done(await screen());
    for (let tries = 0; tries < KEY_TRIES; tries++) {
      if (await isDone()) return;
      await press(key);
      await until(isDone, KEY_LIMIT_MS).catch(() => {}); // then once more
    }
    throw new Error(`${key} had no effect:\n${await screen()}`);
  };
  const answer = async (question: string, choice: string): Promise<void> => {
    await waitFor(question);
    const chosen = new RegExp(`${PROMPT_SIGN} (\\d\\. )?${RegExp.escape(choice)}`);
    await pressUntil("Down", (seen) => chosen.test(seen));
    await pressUntil("Enter", (seen) => !seen.includes(question));
  };
  await waitFor(PROMPT_SIGN);
  return {
    ...place,
    model,
    screen,
    async resize(columns, rows) {
      await tmux("resize-window", "-t", "host", "-x", String(columns), "-y", String(rows));
    },
    press,
    waitFor,
    enter,
    answer,
    async exit() {
      await enter("/exit");
      await until(async () => (await tmux("list-sessions")).status !== 0, SCREEN_LIMIT_MS, "the end of the host");
    },
    debugLog: () => readFileSync(log, "utf8"),
  };
}

/** What every session needs before it starts: place, settings, model, environment. */
async function setUp(scope: Scope, options: HostOptions) {
  const place = options.place ?? (await newPlace(scope));
  const script = loadScript(options.script, place.workspace);
  const configDir = join(place.home, ".claude");
  const state = join(configDir, ".claude.json");
  if (!existsSync(state)) writeFileSync(state, JSON.stringify(pastFirstRunDialogs(place)));
  const model = await startModel(script);
  scope.after(() => model.close());
  const env: Record<string, string> = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: place.home,
    TMPDIR: place.tmp,
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    CLAUDE_CONFIG_DIR: configDir,
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: API_KEY,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    IS_SANDBOX: "1", // lets root skip permissions
    ...options.env,
  };
  return { place, script, model, env, log: join(place.tmp, `debug-${++sessions}.log`) };
}

let sessions = 0;

/** Theme, API key, trust and the warning of bypassed permissions have been answered. */
function pastFirstRunDialogs({ workspace }: Place): object {
  return {
    hasCompletedOnboarding: true,
    bypassPermissionsModeAccepted: true,
    theme: "dark",
    customApiKeyResponses: { approved: [API_KEY.slice(-20)], rejected: [] },
    projects: { [workspace]: { hasTrustDialogAccepted: true } },
  };
}
