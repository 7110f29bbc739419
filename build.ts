// Bundles src/ into dist/: a few self-contained files that need no node_modules.
// The same commit gives the same bytes: no timestamps, no absolute paths.

import { chmod, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { build, type Plugin } from "esbuild";

const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };

// CommonJS dependencies inside an ES module bundle call require() for Node's own modules.
const REQUIRE =
  'import { createRequire as __createRequire } from "node:module";const require = __createRequire(import.meta.url);';

/**
 * Node's own modules by require() instead of import: an import looks at every export of the module first, and with
 * node:http alone that loads fetch, which nobody here uses, in a tenth of the time that a relay needs to start.
 */
const requireBuiltins: Plugin = {
  name: "require-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z:/_]+$/ }, ({ path, kind }) =>
      kind === "import-statement" && isBuiltin(path)
        ? { path: path.replace(/^node:/, ""), namespace: "builtin" }
        : null,
    );
    onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = require("node:${path}");`,
    }));
  },
};

/** `node build.ts node` leaves the dashboard out. */
const [part] = process.argv.slice(2);

if (!part) await rm("dist", { recursive: true, force: true });

const node = await build({
  entryPoints: [
    "src/entry/cli.ts",
    "src/entry/hook.ts",
    "src/entry/relay.ts",
    "src/entry/monitor.ts",
    "src/entry/statistics.ts",
  ],
  outdir: "dist",
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  platform: "node",
  target: "node24",
  format: "esm",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  banner: { js: REQUIRE },
  define: { MPM_VERSION: JSON.stringify(version) },
  // Its main file is of a form that cannot be bundled.
  alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
  // Optional native accelerators of ws, and a transport of pino that is never used.
  external: ["bufferutil", "utf-8-validate", "pino-pretty"],
  // Where packages are linked from elsewhere, the bytes are the same.
  preserveSymlinks: true,
  plugins: [requireBuiltins],
  metafile: true,
  logLevel: "warning",
});

const web =
  part === "node"
    ? undefined
    : await build({
        entryPoints: { app: "src/dashboard/main.tsx" },
        outdir: "dist/dashboard",
        bundle: true,
        platform: "browser",
        target: ["es2022"],
        format: "esm",
        minify: true,
        jsx: "automatic",
        jsxImportSource: "preact",
        legalComments: "none",
        preserveSymlinks: true,
        metafile: true,
        logLevel: "warning",
      });
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
    { node: Object.keys(node.metafile.inputs).sort(), web: Object.keys(web?.metafile.inputs ?? {}).sort() },
    null,
    1,
  ),
);
