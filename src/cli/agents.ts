// mpm agents list | show | validate | deploy | clean
// - Results go to stdout, as JSON if asked; problems, advice and timings go to stderr.

import { resolve } from "node:path";
import { cleanAgents, type Deployment, type DeployOptions, deployAgents, surveyAgents } from "../agents/deploy.ts";
import { type ActionKind, planDeployment } from "../agents/plan.ts";
import type { Problem } from "../agents/problem.ts";
import { projectOf } from "../agents/tiers.ts";
import { validateFiles } from "../agents/validate.ts";
import { nearest } from "../platform/nearest.ts";
import { plural, printable } from "../platform/text.ts";
import { type Call, flag, list as several, text } from "./arguments.ts";
import { command } from "./command.ts";
import { reportDeployment, reportProblems, reportRows, reportTimings, shortPath } from "./report.ts";
import { EXIT, type Io, jsonFor } from "./terminal.ts";

const DRY = ["deploy", "clean"] as const;
const OPTIONS = {
  project: text("DIR", "the project; by default the repository around the working directory, or that directory", {
    path: true,
  }),
  json: flag("print JSON, for programs"),
  exclude: several("A,B", "not these agents, this time", { only: ["deploy"] }),
  "dry-run": flag("say what would be done, with diffs, and do nothing", { only: DRY }),
  force: flag("also what you wrote or edited, after a backup beside it", { only: DRY }),
  all: flag("everything that was deployed", { only: ["clean"] }),
  verbose: flag("how long each step took", { only: DRY }),
};

interface Request {
  readonly io: Io;
  readonly options: DeployOptions;
  readonly names: readonly string[];
  readonly json: boolean;
  readonly verbose: boolean;
  readonly all: boolean;
}

const WORK: Readonly<Record<string, (request: Request) => Promise<number>>> = { list, show, validate, deploy, clean };

export const verb = command({
  text: ["Agent files, deployed for Claude Code."],
  options: OPTIONS,
  verbs: {
    list: { about: "every agent, where it comes from, and whether it is deployed" },
    show: { about: "one agent, as it is deployed", operands: [{ name: "NAME", about: "an agent's name" }] },
    validate: {
      about: "check agent files against Claude Code's rules",
      operands: [{ name: "PATH", about: "files or directories", optional: true, many: true, path: true }],
    },
    deploy: { about: "write them to .claude/agents" },
    clean: { about: "remove what was deployed and is no longer wanted" },
  },
  notes: [
    "The project's agents (.claude-mpm/agents) win over yours (agents/ in $MPM_HOME, usually ~/.claude-mpm), and those win over the bundled ones. What you wrote or edited in .claude/agents stays as it is.",
    "Exit status 1 where a file has errors or something could not be done.",
  ],
  run,
});

async function run({ verb = "", options, operands }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  const { cwd, config } = io;
  const work = WORK[verb];
  if (work === undefined) return EXIT.usage;
  return work({
    io,
    names: operands,
    json: options.json,
    verbose: options.verbose,
    all: options.all,
    options: {
      config,
      project: options.project === undefined ? projectOf(cwd, config.userHome) : resolve(cwd, options.project),
      exclude: options.exclude,
      dryRun: options["dry-run"],
      force: options.force,
    },
  });
}

async function deploy(call: Request): Promise<number> {
  const result = await deployAgents(call.options);
  for (const name of call.options.exclude ?? [])
    if (!result.actions.some((action) => action.name === name))
      call.io.err(`mpm: there is no agent "${printable(name)}" to exclude. \`mpm agents list\` lists them.\n`);
  return finish(call, result);
}

async function clean(call: Request): Promise<number> {
  return finish(call, await cleanAgents({ ...call.options, all: call.all }));
}

async function finish({ io, options, json, verbose }: Request, result: Deployment): Promise<number> {
  if (json) await writeJson(io, { dryRun: options.dryRun, ...result });
  else await reportDeployment(io, result, options.dryRun === true);
  if (verbose) reportTimings(io, result);
  return result.ok ? EXIT.done : EXIT.failed;
}

async function list({ io, options, json }: Request): Promise<number> {
  const surveyed = await surveyAgents(options);
  const { candidates, resolution, present, manifest, problems } = surveyed;
  const plan = planDeployment(resolution, present, manifest.entries, { excluded: new Set(), force: false });
  const kinds = new Map(plan.map((action) => [action.source, action.kind]));
  const rows = await Promise.all(
    candidates.map(async ({ source, name, sha256 }) => {
      const { agent } = await surveyed.readingOf(source);
      const over = resolution.overridden.get(source.path);
      return {
        name: name ?? source.relative,
        tier: source.tier,
        path: source.path,
        overridden: over !== undefined,
        state: over ? `overridden by ${over}` : stateOf(kinds.get(source.path), sha256 !== undefined),
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
    if (errors > 0) io.err(`mpm: ${plural(errors, "error")} in agent files. \`mpm agents validate\` shows more.\n`);
  }
  return EXIT.done;
}

async function show({ io, options, json, names }: Request): Promise<number> {
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

async function validate({ io, options, json, names }: Request): Promise<number> {
  const { files, problems } =
    names.length > 0
      ? await validateFiles(names.map((path) => resolve(io.cwd, path)))
      : await surveyAgents(options).then((all) => ({ files: all.candidates.length, problems: all.problems }));
  const errors = errorsIn(problems);
  if (json) await writeJson(io, { ok: errors === 0, files, problems });
  else {
    reportProblems(io, problems);
    const warnings = plural(problems.length - errors, "warning");
    await io.out(`mpm: ${plural(files, "file")}, ${plural(errors, "error")}, ${warnings}.\n`);
  }
  return errors === 0 ? EXIT.done : EXIT.failed;
}

function stateOf(kind: ActionKind | undefined, valid: boolean): string {
  if (!valid) return "has errors";
  if (kind === "unchanged") return "deployed";
  if (kind === "update") return "changed since";
  if (kind === "keep") return "yours is kept";
  return kind === undefined ? "name taken" : "not deployed";
}

function errorsIn(problems: readonly Problem[]): number {
  return problems.filter(({ severity }) => severity === "error").length;
}

async function writeJson(io: Io, value: unknown): Promise<void> {
  await io.out(`${jsonFor(io, value, 2)}\n`);
}
