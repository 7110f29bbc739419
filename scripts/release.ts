// npm run release -- check TAG | pack DIR | notes: what a release needs, the same here and in the workflow.
// - check: the tag names the version that the package, the plugin and the changelog have.
// - pack: builds and packs the committed tree twice, in two places; writes the package and its SHA-256 into DIR where both
//   are the same bytes.
// - notes: the changelog's section of this version, as Markdown.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as z from "zod";

const ROOT = resolve(import.meta.dirname, "..");
const Versioned = z.looseObject({ version: z.string() });
const Packed = z.tuple([z.looseObject({ filename: z.string() })]);

const versionIn = (file: string): string => Versioned.parse(JSON.parse(readFileSync(join(ROOT, file), "utf8"))).version;
const version = versionIn("package.json");

/** The lines below the heading of a version, up to the next one; undefined where there is no such heading. */
function sectionOf(wanted: string): string | undefined {
  const [, ...sections] = readFileSync(join(ROOT, "CHANGELOG.md"), "utf8").split(/^## /m);
  const section = sections.find((text) => text.split(/\s/, 1)[0]?.replace(/[[\]]/g, "") === wanted);
  return section?.split("\n").slice(1).join("\n").trim();
}

/** What speaks against a release under that tag. */
function problemsOf(tag: string): string[] {
  const plugin = versionIn(".claude-plugin/plugin.json");
  return [
    ...(tag === `v${version}` ? [] : [`the tag is ${tag}, package.json says ${version}`]),
    ...(plugin === version ? [] : [`.claude-plugin/plugin.json says ${plugin}, package.json ${version}`]),
    ...(sectionOf(version) ? [] : [`CHANGELOG.md has no section "## ${version}"`]),
  ];
}

/** Builds and packs the committed tree in a place of its own. Returns the package's path. */
function packIn(place: string): string {
  const tree = join(place, "tree");
  mkdirSync(tree);
  const run = (command: string, args: readonly string[], cwd = tree) =>
    execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  run("git", ["archive", "--format=tar", `--output=${join(place, "tree.tar")}`, "HEAD"], ROOT);
  run("tar", ["-xf", join(place, "tree.tar"), "-C", tree]);
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
  // Provenance names the repository that the workflow runs in.
  const repository = process.env["GITHUB_REPOSITORY"];
  if (repository) run("npm", ["pkg", "set", `repository=github:${repository}`]);
  run(process.execPath, ["build.ts"]);
  const [{ filename }] = Packed.parse(JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts"])));
  return join(tree, filename);
}

const digest = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

function pack(directory: string): number {
  const places = [1, 2].map(() => mkdtempSync(join(tmpdir(), "mpm-release-")));
  try {
    const [first = "", second = ""] = places.map(packIn);
    const [one, other] = [digest(first), digest(second)];
    if (one !== other) {
      console.error(`two builds differ: ${one} and ${other}`);
      return 1;
    }
    const name = `mpm-hook-${version}.tgz`;
    mkdirSync(directory, { recursive: true });
    copyFileSync(first, join(directory, name));
    writeFileSync(join(directory, "SHA256SUMS"), `${one}  ${name}\n`);
    console.log(`${one}  ${join(directory, name)}`);
    return 0;
  } finally {
    for (const place of places) rmSync(place, { recursive: true, force: true });
  }
}

function main([verb, operand]: readonly string[]): number {
  if (verb === "check" && operand) {
    const problems = problemsOf(operand);
    for (const problem of problems) console.error(`release: ${problem}`);
    return problems.length === 0 ? 0 : 1;
  }
  if (verb === "pack" && operand) return pack(resolve(operand));
  if (verb === "notes") {
    const section = sectionOf(version);
    console.log(section ?? "");
    return section ? 0 : 1;
  }
  console.error("usage: npm run release -- check TAG | pack DIRECTORY | notes");
  return 2;
}

process.exitCode = main(process.argv.slice(2));
