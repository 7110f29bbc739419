#!/usr/bin/env node
// dist/cli.js: mpm. What is called again and again, by status lines and scripts, is one file with all that it needs, as each
// file that is loaded costs its share of a start; the other verbs share theirs.

import { DAMAGE_CURE } from "../platform/damage.ts";
import { startProgram } from "./start.ts";

const QUICK = ["status", "statusline"];

await startProgram(
  () => (QUICK.includes(process.argv[2] ?? "") ? import("./quick.ts") : import("./mpm.ts")),
  (damage) => void process.stderr.write(`mpm: ${damage}. ${DAMAGE_CURE}\n`),
);
