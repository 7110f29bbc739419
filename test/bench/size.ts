// What an installation takes: the copy that `mpm install` makes, without a Node of its own.

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyApp } from "../../src/install/app.ts";
import { ROOT } from "../world.ts";
import { table } from "./table.ts";

const MB = 1_000_000;
/** The unit of `blocks` in stat(2), whatever the file system's own is. */
const BLOCK_BYTES = 512;
const GOAL_MB = 2.5;

const app = mkdtempSync(join(tmpdir(), "mpm-bench-"));
try {
  copyApp(ROOT, app);
  const files = readdirSync(app, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)));
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const onDisk = files.reduce((sum, { blocks }) => sum + blocks * BLOCK_BYTES, 0);
  table(
    "Installed, without a private Node",
    [
      ["files", files.length, ""],
      ["size", bytes / MB, "MB", `goal ${GOAL_MB}`],
      ["on disk", onDisk / MB, "MB"],
    ],
    "size",
  );
} finally {
  rmSync(app, { recursive: true });
}
