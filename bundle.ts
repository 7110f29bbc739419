// How src/ becomes dist/: options of esbuild for the programs and for the dashboard.
// The same commit gives the same bytes: no timestamps, no absolute paths.

import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import type { BuildOptions, Plugin } from "esbuild";

/** The package's version. */
export const { version }: { version: string } = JSON.parse(readFileSync("package.json", "utf8"));

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

export const node = {
  entryPoints: [
    "src/entry/cli.ts",
    "src/entry/hook-debug.ts",
    "src/entry/relay.ts",
    "src/entry/monitor.ts",
    "src/entry/store-reader.ts",
    "src/entry/importer.ts",
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
} as const satisfies BuildOptions;

/** The hook in Node: one small file, as each file that is loaded costs its share of a start; what debugging needs stays out. */
export const hook = {
  ...node,
  entryPoints: ["src/entry/hook.ts"],
  splitting: false,
  plugins: [
    requireBuiltins,
    {
      name: "debugging-apart",
      setup: ({ onResolve }) =>
        onResolve({ filter: /^\.\/hook-debug\.ts$/ }, () => ({ path: "./hook-debug.js", external: true })),
    },
  ],
} satisfies BuildOptions;

export const web = {
  entryPoints: { app: "src/dashboard/main.tsx" },
  outdir: "dist/dashboard",
  // What a view alone needs is loaded with it.
  splitting: true,
  chunkNames: "[name]-[hash]",
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
} as const satisfies BuildOptions;
