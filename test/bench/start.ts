// What `mpm run` costs before Claude Code is started: `node test/bench/start.ts`. A `claude` that ends at once stands in.
// - Wall time of the whole process, less what the same `claude` takes alone; hooks are installed, as for most users.
// - Cold: no monitor and no relay run. Warm: both do.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dist, killThoseOf, mpm, NODE, run } from "../world.ts";
import { median, table } from "./table.ts";

const ROUNDS = 9;
const COLD_ROUNDS = 5;

export async function benchStart(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "mpm-bench-"));
  try {
    const bin = join(home, "bin");
    const mpmHome = join(home, ".claude-mpm");
    for (const dir of [bin, mpmHome, join(home, "project")]) mkdirSync(dir, { mode: 0o700 });
    writeFileSync(join(bin, "claude"), '#!/bin/sh\n[ "$1" != --version ] || echo 2.1.330\n');
    chmodSync(join(bin, "claude"), 0o755);
    writeFileSync(join(mpmHome, "config.json"), '{"monitor":{"port":0}}');
    const env = { HOME: home, MPM_HOME: mpmHome, MPM_NO_BROWSER: "1", PATH: `${bin}:/usr/bin:/bin` };
    const cwd = join(home, "project");
    const alone = async () => (await run(join(bin, "claude"), [], { env, cwd })).ms;
    const ours = async (...args: string[]) => (await run(NODE, [dist("cli.js"), "run", ...args], { env, cwd })).ms;
    await mpm(["install"], { env, cwd });
    await ours();

    const cold: number[] = [];
    for (let round = 0; round < COLD_ROUNDS; round++) {
      await killThoseOf(home);
      cold.push((await ours("--monitor")) - (await alone()));
    }
    const [plain, warm]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      plain.push((await ours()) - (await alone()));
      warm.push((await ours("--monitor")) - (await alone()));
    }
    table("`mpm run`, until Claude Code starts", [
      ["agents and hooks", median(plain), "ms", "goal 150"],
      ["with `--monitor`, warm", median(warm), "ms", "goal 300"],
      ["with `--monitor`, neither monitor nor relay running", median(cold), "ms", "goal 1500"],
    ]);
  } finally {
    await killThoseOf(home);
    rmSync(home, { recursive: true, force: true });
  }
}

if (import.meta.main) await benchStart();
