// The real Claude Code, pinned, installed from npm once per machine and outside the repository (about 365 MB).
// - Safe to call from several processes at once: each installs aside, the first to finish is kept.
// - `node test/host/install-host.ts` installs it and prints the path of its executable.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const HOST_VERSION = "2.1.330";

/**
 * The pinned host's executable; installs it where it is missing.
 * @returns absolute path
 * @throws if npm cannot install it, with what npm said
 */
export async function installHost(): Promise<string> {
  const cache = process.env["MPM_TEST_HOST_DIR"] || join(tmpdir(), "claude-code-host");
  const place = join(cache, HOST_VERSION);
  const executable = join(
    place,
    `node_modules/@anthropic-ai/claude-code-${process.platform}-${process.arch}`,
    process.platform === "win32" ? "claude.exe" : "claude",
  );
  if (existsSync(executable)) return executable;

  await mkdir(cache, { recursive: true });
  const aside = await mkdtemp(join(cache, ".installing-"));
  try {
    await npmInstall(aside, `@anthropic-ai/claude-code@${HOST_VERSION}`);
    await rename(aside, place);
  } catch (error) {
    if (!existsSync(executable)) throw error; // else another process was first
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  if (!existsSync(executable)) throw new Error(`no executable at ${executable} after npm install`);
  return executable;
}

/** False where the host is here or can be installed, else the reason to skip. */
export async function hostMissing(): Promise<string | false> {
  try {
    await installHost();
    return false;
  } catch (error) {
    return `needs Claude Code ${HOST_VERSION}: ${error instanceof Error ? error.message.slice(0, 200) : error}`;
  }
}

async function npmInstall(prefix: string, spec: string): Promise<void> {
  const npm = spawn("npm", ["install", "--prefix", prefix, "--no-audit", "--no-fund", "--ignore-scripts", spec], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  npm.stdout.on("data", (chunk: Buffer) => (said += chunk));
  npm.stderr.on("data", (chunk: Buffer) => (said += chunk));
  const [status] = (await once(npm, "close")) as [number | null];
  if (status !== 0) throw new Error(`npm install ${spec} ended with ${status}: ${said.trim()}`);
}

if (import.meta.main) console.log(await installHost());
