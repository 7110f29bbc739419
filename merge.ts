// Fewer files in dist/chunks: what the same of the leading programs load is one file.
// - esbuild makes a file for each set of programs that share something, and each file takes Node a millisecond to find, read
//   and link. Of a monitor's start, which loaded 82 of them, that was half.
// - What none of LEADERS loads stays as esbuild made it.
// - All names change with anything that is built, so that the files of two versions can stand side by side while one
//   replaces the other.

import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { node } from "./bundle.ts";

/** Programs and verbs that start often, or that something waits for, by their entry points. */
const LEADERS = [
  "src/entry/mpm.ts",
  "src/cli/run.ts",
  "src/cli/events.ts",
  "src/entry/relay-program.ts",
  "src/entry/monitor-program.ts",
  "src/monitor/answers.ts",
];
const CHUNKS = "dist/chunks";

type Outputs = Metafile["outputs"];

/** Where an export of a merged file is now. */
interface Place {
  readonly file: string;
  readonly prefix: string;
}

/** Merges what esbuild has just written. */
export async function mergeChunks(outputs: Outputs): Promise<void> {
  const version = createHash("sha256").update(Object.keys(outputs).sort().join("\n")).digest("hex").slice(0, 8);
  const places = new Map<string, Place>();
  const merged: string[] = [];
  for (const [index, paths] of groupsOf(outputs).entries()) {
    const file = `common-${index}.js`;
    await mergeInto(`${CHUNKS}/${file}`, paths, outputs, places);
    for (const [at, path] of paths.entries()) places.set(basename(path), { file, prefix: prefixOf(at) });
    merged.push(`${CHUNKS}/${file}`);
  }
  for (const [path, { entryPoint, exports }] of Object.entries(outputs)) {
    const place = places.get(basename(path));
    if (place && entryPoint === undefined) await rm(path);
    else if (place)
      await writeFile(path, passedOn(`./${place.file}`, exports, place.prefix, "")); // loaded by its own name, too
    else
      await writeFile(
        path,
        redirected(await readFile(path, "utf8"), (name) => places.get(name)),
      );
  }
  const left = [
    ...Object.keys(outputs).filter((path) => !places.has(basename(path)) || outputs[path]?.entryPoint),
    ...merged,
  ];
  await renameAll(left, version);
}

/** Files that the same of the leaders load, those first that most of them load: they load none of those behind them. */
function groupsOf(outputs: Outputs): string[][] {
  const loaded = LEADERS.map((leader) => loadedBy(leader, outputs));
  const groups = new Map<string, string[]>();
  for (const path of Object.keys(outputs)) {
    if (dirname(path) !== CHUNKS) continue;
    const by = loaded.map((paths) => (paths.has(path) ? "1" : "0")).join("");
    if (by.includes("1")) groups.set(by, [...(groups.get(by) ?? []), path]);
  }
  const count = (by: string) => by.replaceAll("0", "").length;
  return [...groups].sort(([a], [b]) => count(b) - count(a) || (a < b ? -1 : 1)).map(([, paths]) => paths);
}

/** All files that are loaded with an entry point, but for its own. */
function loadedBy(entryPoint: string, outputs: Outputs): Set<string> {
  const [start] = Object.entries(outputs).find(([, output]) => output.entryPoint === entryPoint) ?? [];
  if (start === undefined) throw new Error(`${entryPoint} is no entry point`);
  const found = new Set<string>();
  const follow = (path: string) => {
    for (const { path: next, kind, external } of outputs[path]?.imports ?? [])
      if (kind === "import-statement" && !external && !found.has(next)) {
        found.add(next);
        follow(next);
      }
  };
  follow(start);
  return found;
}

const prefixOf = (at: number): string => `m${at}_`;

/** Exports of a module, with a prefix, from it or to it. */
function passedOn(from: string, exports: readonly string[], before: string, after: string): string {
  if (exports.length === 0) return `import "${from}";`;
  return `export { ${exports.map((name) => `${before}${name} as ${after}${name}`).join(", ")} } from "${from}";`;
}

async function mergeInto(file: string, paths: readonly string[], outputs: Outputs, places: ReadonlyMap<string, Place>) {
  const names = new Set(paths.map((path) => basename(path)));
  const members: Plugin = {
    name: "members",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /\.js$/ }, ({ path }) =>
        names.has(basename(path)) ? { path: resolve(CHUNKS, basename(path)) } : { path, external: true },
      );
      onLoad({ filter: /\.js$/ }, async ({ path }) => ({
        contents: redirected(await readFile(path, "utf8"), (name) => places.get(name)),
      }));
    },
  };
  const { entryPoints, outdir, splitting, chunkNames, banner, metafile, alias, ...options } = node;
  const contents = paths
    .map((path, at) => passedOn(`./${basename(path)}`, outputs[path]?.exports ?? [], "", prefixOf(at)))
    .join("\n");
  await build({ ...options, stdin: { contents, resolveDir: CHUNKS }, outfile: file, plugins: [members] });
}

/** A program as esbuild writes it, with what it imports from files that were merged from where that is now. */
function redirected(text: string, placeOf: (name: string) => Place | undefined): string {
  return text.replace(/import(?:\{([^}]*)\}from)?"(\.\/(?:chunks\/)?)([\w-]+\.js)";/g, (whole, names, folder, name) => {
    const place = placeOf(name);
    if (!place) return whole;
    if (names === undefined) return `import"${folder}${place.file}";`;
    const renamed = String(names).replace(/(^|,)([\w$]+)(?: as ([\w$]+))?/g, (_, comma, given, own = given) => {
      return `${comma}${place.prefix}${given} as ${own}`;
    });
    return `import{${renamed}}from"${folder}${place.file}";`;
  });
}

/** Gives each file of CHUNKS a name with the version in it, and says so wherever it is loaded. */
async function renameAll(paths: readonly string[], version: string): Promise<void> {
  const renamed = new Map(
    paths
      .filter((path) => dirname(path) === CHUNKS)
      .map((path) => [basename(path), `${basename(path, ".js")}-${version}.js`]),
  );
  for (const path of paths) {
    const text = await readFile(path, "utf8");
    const name = renamed.get(basename(path));
    if (name !== undefined) await rm(path);
    await writeFile(
      name === undefined ? path : `${CHUNKS}/${name}`,
      text.replace(/(?<=\/)[\w-]+\.js/g, (found) => renamed.get(found) ?? found),
    );
  }
}
