// `npm test`: everything, on a machine that may never have seen the project.
// - Tools that tests need are installed where that is possible without asking (Debian, as root or by sudo without a
//   password; packages of npm in a cache of the user's); MPM_TEST_INSTALL=0 leaves the machine as it is.
// - Build, types and lint come first. A test whose tool is missing is skipped; the last lines say which, and why.
// - As many files run beside each other as there are processors. What a test waits for has a deadline, and no time.
// - `npm test -- test/process/relay` runs the tests below that folder alone; `npm run test:unit` those in test/unit, with a
//   tenth of the random inputs (brief.ts).

import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { isThere, NPM_CACHE, TOOLS, type Tool } from "./tools.ts";

const REPORTER = new URL("./skipped.ts", import.meta.url).href;
const COMPILED = new URL("./compiled.ts", import.meta.url).href;

const tools: readonly Tool[] = Object.values(TOOLS);
const given = process.argv.slice(2);

/** Runs a command with our stdio; whether it succeeded. */
function ran(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): boolean {
  return spawnSync(command, args, { stdio: "inherit", env }).status === 0;
}

function quietly(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function installTools(): void {
  if (process.env["MPM_TEST_INSTALL"] === "0") return;
  const absent = tools.filter((tool) => !isThere(tool));
  installByApt([...new Set(absent.filter(({ npm }) => npm === undefined).map((tool) => tool.package))]);
  // Debian has one version of PostgreSQL, and npm builds of others for this machine alone.
  if (process.platform === "linux" && process.arch === "x64")
    installByNpm(absent.flatMap((tool) => (tool.npm === undefined ? [] : `${tool.package}@${tool.npm}`)));
}

function installByNpm(packages: readonly string[]): void {
  if (packages.length === 0) return;
  console.log(`test: installing ${packages.join(" ")} in ${NPM_CACHE}`);
  const options = ["--prefix", NPM_CACHE, "--no-audit", "--no-fund", "--no-save", "--loglevel=error"];
  if (!quietly("npm", ["install", ...options, ...packages])) console.log("test: they could not be installed");
}

function installByApt(packages: readonly string[]): void {
  if (packages.length === 0 || !quietly("apt-get", ["--version"])) return;
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  if (sudo.length > 0 && !quietly("sudo", ["-n", "true"])) return;
  console.log(`test: installing ${packages.join(" ")}`);
  const apt = (...args: string[]) => {
    const [command = "", ...rest] = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", ...args];
    return spawnSync(command, rest, { stdio: ["ignore", "ignore", "inherit"] }).status === 0;
  };
  if (!apt("update") || !apt("install", "-y", "--no-install-recommends", ...packages))
    console.log("test: they could not all be installed");
}

/** The steps before the tests, each with its name. */
const checks: readonly (readonly [string, () => boolean])[] = [
  ["build", () => ran(process.execPath, ["build.ts"])],
  ["types", () => ran("tsc", ["-p", "."])],
  ["lint", () => ran("biome", ["ci", "--diagnostic-level=error", "."])],
  ["shellcheck", () => !isThere(TOOLS.shellcheck) || ran("npm", ["run", "--silent", "shellcheck"])],
];

function testsIn(places: readonly string[]): string[] {
  return places.flatMap((place) => (place.endsWith(".ts") ? [place] : globSync(`${place}/**/*.test.ts`)));
}

/** A part is asked for by name to search in it; all of the unit tests are asked for to have an answer soon. */
const SOON = { MPM_TEST_BRIEF: "1" };

function main(): number {
  if (given.length === 0) {
    installTools();
    for (const [name, check] of checks)
      if (!check()) {
        console.log(`test: ${name} failed`);
        return 1;
      }
  }
  const files = testsIn(given.length > 0 ? given : ["test"]);
  const report = join(tmpdir(), `mpm-skipped-${process.pid}`);
  const env = given.join() === "test/unit" ? { ...process.env, ...SOON } : process.env;
  const run = [
    `--import=${COMPILED}`,
    "--test",
    `--test-concurrency=${availableParallelism()}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${REPORTER}`,
    `--test-reporter-destination=${report}`,
    ...files.sort(),
  ];
  const passed = ran(process.execPath, run, env);
  const skipped = readFileSync(report, "utf8").trim();
  rmSync(report, { force: true });
  console.log(skipped === "" ? "test: nothing was skipped" : `test: skipped\n${skipped}`);
  return passed ? 0 : 1;
}

process.exitCode = main();
