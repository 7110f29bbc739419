// Bundles src/ into dist/: a few self-contained files that need no node_modules. bundle.ts says how.

import { chmod, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";
import * as bundles from "./bundle.ts";
import { mergeChunks } from "./merge.ts";
import { sumsOf } from "./src/install/app.ts";

const { version } = bundles;

/** `node build.ts node` leaves the dashboard out. */
const [part] = process.argv.slice(2);

if (!part) await rm("dist", { recursive: true, force: true });

if (part === "node") await rm("dist/chunks", { recursive: true, force: true });

const [node, alone] = [await build(bundles.node), await build(bundles.alone)];
await mergeChunks(node.metafile.outputs);
const web = part === "node" ? undefined : await build(bundles.web);
if (web) await writeFile("dist/dashboard/index.html", await readFile("src/dashboard/index.html"));
await chmod("dist/cli.js", 0o755);
// dist/ is the plugin, too: a directory that needs nothing else, and in which the host finds no packages to install.
for (const part of ["hooks", ".claude-plugin/plugin.json"]) await cp(part, `dist/${part}`, { recursive: true });
await writeFile(
  "dist/package.json",
  `${JSON.stringify({ name: "mpm-hook", version, type: "module", private: true })}\n`,
);
await mkdir("dist/meta", { recursive: true });
await writeFile(
  "dist/meta/bundle.json",
  JSON.stringify(
    {
      node: [...new Set([...Object.keys(node.metafile.inputs), ...Object.keys(alone.metafile.inputs)])].sort(),
      web: Object.keys(web?.metafile.inputs ?? {}).sort(),
    },
    null,
    1,
  ),
);
await writeFile("dist/sums.json", sumsOf("."));
