// How src/ becomes dist/: options of esbuild for the programs and for the dashboard.
// The same commit gives the same bytes: no timestamps, no absolute paths. Names are shortened; what a stack trace of an
// installed copy means is told by a build of its commit with `sourcemap: "external"`, which changes no byte of the rest.

import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { resolve } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";

/** The package's version. */
export const { version }: { version: string } = JSON.parse(readFileSync("package.json", "utf8"));

// CommonJS dependencies inside an ES module bundle call require() for Node's own modules.
const REQUIRE =
  'import { createRequire as __createRequire } from "node:module";const require = __createRequire(import.meta.url);';

const WHOLE = "// whole";

/** Modules of Node that it has not loaded by itself when a program starts, and that take a millisecond or more. */
const COSTLY = new Set(
  "child_process crypto dns http https inspector net sqlite tls tty worker_threads zlib".split(" "),
);

/**
 * Node's own modules by require() instead of import: an import looks at every export of the module first, and with
 * node:http alone that loads fetch, which nobody here uses. So only what is used is looked at, and the costly ones are not
 * loaded before that: node:https takes a third of an empty Node's time, and most of who imports it never asks by it.
 */
const requireBuiltins: Plugin = {
  name: "require-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z:/_]+$/ }, ({ path, kind }) =>
      kind === "import-statement" && isBuiltin(path)
        ? { path: path.replace(/^node:/, ""), namespace: "builtin", sideEffects: false }
        : null,
    );
    onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => {
      const names = Object.keys(process.getBuiltinModule(`node:${path}`) ?? {}).filter((name) => name !== "default");
      return { contents: COSTLY.has(path) ? whenUsed(path, names) : atOnce(path, names) };
    });
  },
};

/** A program of its own in dist/, which another one loads; `folder`: where its source and that of who loads it is. */
const apart = (name: string, folder: string): Plugin => ({
  name: `${name}-apart`,
  setup: ({ onResolve }) =>
    onResolve({ filter: new RegExp(`^\\./${name}\\.ts$`) }, ({ kind, resolveDir }) =>
      kind === "dynamic-import" && resolveDir === resolve(folder) ? { path: `./${name}.js`, external: true } : null,
    ),
});

const atOnce = (path: string, names: readonly string[]) => `const module = require("node:${path}");
  export default module;
  ${names.map((name) => `export const ${name} = /* @__PURE__ */ (() => module.${name})();`).join("\n")}`;

const whenUsed = (path: string, names: readonly string[]) => `let loaded;
  for (const name of ${JSON.stringify(names)})
    Object.defineProperty(exports, name, { enumerable: true, get: () => (loaded ??= require("node:${path}"))[name] });`;

/**
 * Parts of packages that run nowhere here, a tenth of what would be installed, by their files: engine.io asks `accepts` for
 * encodings alone, not for its table of all media types; MCP's server compiles schemas of answers that it asks of people, and
 * ours asks none; pino's workers, as it writes by itself; polling by XMLHttpRequest, as our clients open a WebSocket.
 */
const UNUSED: readonly (readonly [file: RegExp, instead: string])[] = [
  [/[\\/]mime-db[\\/]db\.json$/, "module.exports = {}"],
  [/[\\/]validation[\\/]ajv-provider\.js$/, "export class AjvJsonSchemaValidator {}"],
  [/[\\/]thread-stream[\\/]index\.js$/, "module.exports = class {}"],
  [/[\\/]xmlhttprequest-ssl[\\/].*\.js$/, "module.exports = { XMLHttpRequest: class {} }"],
];

const leaveOutUnused: Plugin = {
  name: "leave-out-unused",
  setup({ onLoad }) {
    for (const [filter, contents] of UNUSED) onLoad({ filter }, () => ({ contents }));
  },
};

export const node = {
  entryPoints: {
    mpm: "src/entry/mpm.ts",
    "by-port": "src/cli/by-port.ts",
    "hook-debug": "src/entry/hook-debug.ts",
    "relay-program": "src/entry/relay-program.ts",
    "monitor-program": "src/entry/monitor-program.ts",
    "store-reader": "src/entry/store-reader.ts",
    importer: "src/entry/importer.ts",
  } as Record<string, string>,
  outdir: "dist",
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  platform: "node",
  target: "node24",
  format: "esm",
  minify: true,
  legalComments: "none",
  banner: { js: REQUIRE },
  // By it hooks/mpm-node sees that a program is not cut, as one that is cannot say so.
  footer: { js: WHOLE },
  define: { MPM_VERSION: JSON.stringify(version) },
  // Its main file is of a form that cannot be bundled.
  alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
  // Optional native accelerators of ws, and a transport of pino that is never used.
  external: ["bufferutil", "utf-8-validate", "pino-pretty"],
  // Where packages are linked from elsewhere, the bytes are the same.
  preserveSymlinks: true,
  plugins: [requireBuiltins, leaveOutUnused],
  metafile: true,
  logLevel: "warning",
} as const satisfies BuildOptions;

/**
 * Programs that have to start quickly: one file each, as each file that is loaded costs its share; what debugging needs stays
 * out. And what starts the others: it says with what they are loaded.
 */
export const alone = {
  ...node,
  entryPoints: Object.fromEntries(
    ["hook", "quick", "cli", "relay", "monitor"].map((name) => [name, `src/entry/${name}.ts`]),
  ),
  splitting: false,
  plugins: [
    requireBuiltins,
    ...["hook-debug", "mpm", "quick", "relay-program", "monitor-program"].map((name) => apart(name, "src/entry")),
    apart("by-port", "src/cli"),
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
