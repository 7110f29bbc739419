// The installed copy, $MPM_HOME/app: what the registered command points to, whatever becomes of the package.
// - Every path of it exists at every moment of an upgrade: each file is replaced by a rename, in an order in which what
//   is needed by others comes first. Bundles carry a hash of their content in the name, so that old and new live together.
// - What the new version does not have is removed last, by `prune`, when nothing of the old version runs any more.

import { readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { makeDirectory } from "../platform/directory.ts";
import { replaceFile } from "../platform/file.ts";
import { explainRead, readRegular } from "../platform/read.ts";
import { SUMS, sumOf } from "../platform/sums.ts";

/** What is copied, in this order: who uses a file comes after it. */
const PARTS = ["package.json", "dist/chunks", "dist/dashboard", "dist", "agents", "hooks"];
/** Not part of the copy: for the build's own tests, and what makes dist/ a plugin. */
const LEFT_OUT = ["meta", "hooks", ".claude-plugin", "package.json"].map((name) => join("dist", name));
/** Kept in app/ although no package has them. */
const OWN = ["node", "registered", "extras"];

/**
 * Makes app/ equal to the package.
 * @param from the package's directory
 * @returns the paths that were written, relative to app/
 */
export function copyApp(from: string, app: string): string[] {
  const written: string[] = [];
  for (const path of filesOf(from)) {
    const read = readRegular(join(from, path));
    if (read.kind !== "text") throw new Error(`${join(from, path)} ${explainRead(read)}`);
    const { bytes } = read;
    const mode = isProgram(path) ? 0o700 : 0o600;
    if (isSame(join(app, path), bytes, mode)) continue;
    const file = join(app, path);
    makeDirectory(dirname(file));
    replaceFile(file, bytes, { mode, durable: true });
    written.push(path);
  }
  return written;
}

/** Removes what the package does not have. */
export function prune(from: string, app: string): void {
  const wanted = new Set([...filesOf(from), ...OWN]);
  for (const path of listFiles(app)) if (!wanted.has(path)) rmSync(join(app, path), { force: true });
  for (const directory of listDirectories(app).reverse()) {
    try {
      rmdirSync(join(app, directory));
    } catch {
      // not empty
    }
  }
}

/** The content of SUMS for a package that was just built. */
export function sumsOf(root: string): string {
  const files = filesOf(root).filter((path) => path.startsWith(`dist${sep}`) && path !== join("dist", SUMS));
  return `${JSON.stringify(Object.fromEntries(files.map((path) => [path.split(sep).join("/"), sumOf(join(root, path))])))}\n`;
}

/** Files of a package that are installed, relative to it, in the order of PARTS. */
function filesOf(from: string): string[] {
  const files = PARTS.flatMap((part) => listFiles(from, part));
  return [...new Set(files)].filter((path) => !LEFT_OUT.some((left) => path === left || path.startsWith(left + sep)));
}

function listFiles(root: string, part = ""): string[] {
  const path = join(root, part);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return [];
  if (stats.isFile()) return [part];
  return readdirSync(path)
    .sort(hookLast)
    .flatMap((name) => listFiles(root, join(part, name)));
}

/** mpm-hook after what it reads. */
function hookLast(a: string, b: string): number {
  return Number(a === "mpm-hook") - Number(b === "mpm-hook") || (a < b ? -1 : 1);
}

function listDirectories(root: string, part = ""): string[] {
  const inner = readdirSync(join(root, part), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return inner.flatMap(({ name }) => [join(part, name), ...listDirectories(root, join(part, name))]);
}

function isProgram(path: string): boolean {
  return (path.startsWith(`hooks${sep}`) && !path.endsWith(".json")) || path === join("dist", "cli.js");
}

function isSame(file: string, bytes: Uint8Array, mode: number): boolean {
  const read = readRegular(file, bytes.length);
  return read.kind === "text" && (read.stats.mode & 0o777) === mode && read.bytes.equals(bytes);
}
