// mpm agents list | show | validate | deploy | clean
// - Results go to stdout, as JSON if asked; problems, advice and timings go to stderr.

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { cleanAgents, type Deployment, type DeployOptions, deployAgents, surveyAgents } from "../agents/deploy.ts";
import { nearest } from "../agents/nearest.ts";
import { type Deed, planDeployment } from "../agents/plan.ts";
import type { Problem } from "../agents/problem.ts";
import { reportDeployment, reportProblems, reportRows, reportTimings, shortPath } from "../agents/report.ts";
import { projectOf } from "../agents/tiers.ts";
import { validateFiles } from "../agents/validate.ts";
import { EXIT, type Io, printable, UsageError } from "./terminal.ts";

const USAGE = `mpm agents: agent files, deployed for Claude Code.

  mpm agents list                  every agent, where it comes from, and whether it is deployed
  mpm agents show NAME             one agent, as it is deployed
  mpm agents validate [PATH...]    check agent files against Claude Code's rules
  mpm agents deploy                write them to .claude/agents
  mpm agents clean                 remove what was deployed and is no longer wanted

  --project DIR    the project: unless given, the repository around the working directory, or that directory
  --json           for programs
  --exclude A,B    deploy: not these, this time
  --dry-run        deploy, clean: say what would be done, with diffs, and do nothing
  --force          deploy, clean: also what you wrote or edited, after a backup beside it
  --all            clean: everything that was deployed
  --verbose        deploy, clean: how long each step took

The project's agents (.claude-mpm/agents) win over yours (agents/ in $MPM_HOME, usually ~/.claude-mpm), and those win over
the bundled ones. What you wrote or edited in .claude/agents stays as it is.
`;

const OPTIONS = {
  project: { type: "string" },
  json: { type: "boolean" },
  exclude: { type: "string", multiple: true },
  "dry-run": { type: "boolean" },
  force: { type: "boolean" },
  all: { type: "boolean" },
  verbose: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

interface Verb {
  readonly options: readonly string[];
  /** How many arguments it takes. */
  readonly names: readonly [least: number, most: number];
  readonly run: (call: Call) => Promise<number>;
}

interface Call {
  readonly io: Io;
  readonly options: DeployOptions;
  readonly names: readonly string[];
  readonly json: boolean;
  readonly verbose: boolean;
  readonly all: boolean;
}

const VERBS: Readonly<Record<string, Verb>> = {
  list: { options: [], names: [0, 0], run: list },
  show: { options: [], names: [1, 1], run: show },
  validate: { options: [], names: [0, Number.POSITIVE_INFINITY], run: validate },
  deploy: { options: ["exclude", "dry-run", "force", "verbose"], names: [0, 0], run: deploy },
  clean: { options: ["dry-run", "force", "all", "verbose"], names: [0, 0], run: clean },
};

/** @returns the exit status: 1 where a file has errors or something could not be done */
export async function run(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [name, ...names] = positionals;
  if (values.help || name === "help" || name === undefined) {
    await io.out(USAGE);
    return values.help || name === "help" ? EXIT.done : EXIT.usage;
  }
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (!verb) {
    const near = nearest(name, Object.keys(VERBS), 2);
    throw new UsageError(`There is no \`mpm agents ${name}\`.${near ? ` Did you mean \`mpm agents ${near}\`?` : ""}`);
  }
  for (const option of Object.keys(values))
    if (!["project", "json", ...verb.options].includes(option))
      throw new UsageError(`\`mpm agents ${name}\` knows no --${option}.`);
  const [least, most] = verb.names;
  if (names.length < least) throw new UsageError(`\`mpm agents ${name}\` needs an agent's name.`);
  if (names.length > most)
    throw new UsageError(`\`mpm agents ${name}\` does not know what to do with "${names[most]}".`);

  const { cwd, config } = io;
  return verb.run({
    io,
    names,
    json: values.json === true,
    verbose: values.verbose === true,
    all: values.all === true,
    options: {
      config,
      project: values.project === undefined ? projectOf(cwd, config.userHome) : resolve(cwd, values.project),
      exclude: (values.exclude ?? []).flatMap((list) => list.split(",").map((excluded) => excluded.trim())),
      dryRun: values["dry-run"] === true,
      force: values.force === true,
    },
  });
}

async function deploy(call: Call): Promise<number> {
  const result = await deployAgents(call.options);
  for (const name of call.options.exclude ?? [])
    if (!result.actions.some((action) => action.name === name))
      call.io.err(`mpm: there is no agent "${printable(name)}" to exclude. \`mpm agents list\` lists them.\n`);
  return finish(call, result);
}

async function clean(call: Call): Promise<number> {
  return finish(call, await cleanAgents({ ...call.options, all: call.all }));
}

async function finish({ io, options, json, verbose }: Call, result: Deployment): Promise<number> {
  if (json) await writeJson(io, { dryRun: options.dryRun, ...result });
  else await reportDeployment(io, result, options.dryRun === true);
  if (verbose) reportTimings(io, result);
  return result.ok ? EXIT.done : EXIT.failed;
}

async function list({ io, options, json }: Call): Promise<number> {
  const surveyed = await surveyAgents(options);
  const { candidates, resolution, present, manifest, problems } = surveyed;
  const plan = planDeployment(resolution, present, manifest.entries, { excluded: new Set(), force: false });
  const deeds = new Map(plan.map((action) => [action.source, action.deed]));
  const rows = await Promise.all(
    candidates.map(async ({ source, name, sha256 }) => {
      const { agent } = await surveyed.readingOf(source);
      const over = resolution.overridden.get(source.path);
      return {
        name: name ?? source.relative,
        tier: source.tier,
        path: source.path,
        state: over ? `overridden by ${over}` : stateOf(deeds.get(source.path), sha256 !== undefined),
        description: agent?.description ?? "",
        model: agent?.fields["model"] ?? "inherit",
        tools: agent?.fields["tools"] ?? null,
      };
    }),
  );
  // README.md and the like are no agents
  const agents = rows.filter((row) => row.description || problems.some(({ path }) => path === row.path));
  if (json) await writeJson(io, { agents, problems });
  else {
    await reportRows(io, agents);
    const errors = errorsIn(problems);
    if (errors > 0) io.err(`mpm: ${counted(errors, "error")} in agent files. \`mpm agents validate\` shows more.\n`);
  }
  return EXIT.done;
}

async function show({ io, options, json, names }: Call): Promise<number> {
  const [wanted = ""] = names;
  const surveyed = await surveyAgents(options);
  const { candidates, resolution } = surveyed;
  const source = resolution.winners.get(wanted)?.source;
  if (!source) {
    const near = nearest(wanted, resolution.winners.keys(), 2);
    const hint = near ? `Did you mean ${near}?` : "`mpm agents list` lists them.";
    io.err(`mpm: there is no agent "${printable(wanted)}". ${hint}\n`);
    return EXIT.failed;
  }
  const { agent, problems } = await surveyed.readingOf(source);
  const overrides = candidates
    .filter((other) => other.name === wanted && resolution.overridden.has(other.source.path))
    .map((other) => other.source.path);
  if (json)
    await writeJson(io, { name: wanted, ...source, overrides, fields: agent?.fields, text: agent?.text, problems });
  else {
    const over = overrides.length > 0 ? `, over ${overrides.map((path) => shortPath(io, path)).join(", ")}` : "";
    io.err(printable(`mpm: ${wanted} comes from ${source.tier}, ${shortPath(io, source.path)}${over}.`).concat("\n"));
    reportProblems(io, problems);
    if (agent) await io.out(printable(agent.text));
  }
  return agent ? EXIT.done : EXIT.failed;
}

async function validate({ io, options, json, names }: Call): Promise<number> {
  const { files, problems } =
    names.length > 0
      ? await validateFiles(names.map((path) => resolve(io.cwd, path)))
      : await surveyAgents(options).then((all) => ({ files: all.candidates.length, problems: all.problems }));
  const errors = errorsIn(problems);
  if (json) await writeJson(io, { ok: errors === 0, files, problems });
  else {
    reportProblems(io, problems);
    const warnings = counted(problems.length - errors, "warning");
    await io.out(`mpm: ${counted(files, "file")}, ${counted(errors, "error")}, ${warnings}.\n`);
  }
  return errors === 0 ? EXIT.done : EXIT.failed;
}

function stateOf(deed: Deed | undefined, valid: boolean): string {
  if (!valid) return "has errors";
  if (deed === "unchanged") return "deployed";
  if (deed === "update") return "changed since";
  if (deed === "keep") return "yours is kept";
  return deed === undefined ? "name taken" : "not deployed";
}

function errorsIn(problems: readonly Problem[]): number {
  return problems.filter(({ severity }) => severity === "error").length;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

async function writeJson(io: Io, value: unknown): Promise<void> {
  await io.out(`${JSON.stringify(value, null, 2)}\n`);
}
