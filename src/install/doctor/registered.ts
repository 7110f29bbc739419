// Checks of how Claude Code is told: where the hooks are registered, as what, how often, and what would overrule it.

import { printable } from "../../platform/text.ts";
import { FileTrouble, readSnapshot } from "../file.ts";
import { ownHook } from "../handler.ts";
import { packageRoot, placeTrouble, planFor, tableOf, type Unfit } from "../install.ts";
import { register } from "../registration.ts";
import { type Registration, settingsRead } from "../scope.ts";
import { type Found, handlersIn } from "../settings.ts";
import { explainOff, hooksOff } from "../switches.ts";
import { type Check, type Finding, ok, type Patient } from "./finding.ts";

/** Registered at all, and as this host wants it: a host can have stripped entries, or been upgraded since. */
export const registered: Check = async (patient) => {
  const { io, registrations, plugin } = patient;
  if (registrations.length > 0) {
    const findings = await Promise.all(registrations.map((place) => standing(patient, place)));
    return (
      findings.find(({ state }) => state === "fail") ??
      ok("registered", findings.map(({ finding }) => finding).join("; "))
    );
  }
  if (plugin?.name) return ok("registered", `by the plugin ${printable(plugin.name)}`);
  const [project] = settingsRead(io.config, io.cwd).filter(({ file }) => found(textOf(file)).length > 0);
  if (project) return ok("registered", `in ${project.file}, which others have written`);
  if (plugin) return ok("registered", `nowhere in settings; events come by the plugin in ${plugin.root}`);
  const unfit = placeTrouble(io.config, "user");
  return {
    name: "registered",
    state: "fail",
    finding: `the hooks are registered nowhere${unfit ? `, and ${sayUnfit(unfit)}` : ""}`,
    meaning: unfit ? FROM_START : "Claude Code does not run them.",
    cure: unfit ? `${OTHER_DIRECTORY} Then \`mpm install\`, or \`mpm install --project\` as it is.` : "`mpm install`",
  };
};

const FROM_START = "Claude Code looks for its settings from the directory it is started in.";
const OTHER_DIRECTORY = "Unset it, or give it an absolute path.";

function sayUnfit({ code }: Unfit): string {
  return code === "config_dir_empty" ? "CLAUDE_CONFIG_DIR is set and empty" : "CLAUDE_CONFIG_DIR is relative";
}

/** Whether a settings file still has what was registered in it. */
async function standing(patient: Patient, place: Registration): Promise<Finding> {
  const { io, host } = patient;
  const fail = (finding: string, meaning: string, cure: string, fix?: () => unknown): Finding => ({
    name: "registered",
    state: "fail",
    finding,
    meaning,
    cure,
    ...(fix ? { fix } : {}),
  });
  const unfit = placeTrouble(io.config, place.scope);
  if (unfit) return fail(sayUnfit(unfit), FROM_START, OTHER_DIRECTORY);
  const plan = await planFor(io, place.scope, place.events, host?.version, tableOf(packageRoot()), place.file);
  const options = { events: plan.events, now: io.now() };
  try {
    const result = await register(io.config, place, plan.wanted, { ...options, dryRun: true });
    if (result.done === "refused") {
      const { line, column, reason } = result.refusal;
      return fail(
        `${place.file}:${line}:${column}: ${reason}`,
        "Claude Code cannot read its settings, and runs no hook of them.",
        "Mend the file by hand.",
      );
    }
    if (result.done === "unchanged") return ok("registered", `${plan.wanted.size} events in ${place.file}`);
    const there = oursIn(result.before);
    const missing = [...plan.wanted.keys()].filter((event) => !there.has(event));
    return fail(
      missing.length > 0
        ? `${missing.length} of ${plan.wanted.size} events are missing in ${place.file}: ${missing.join(", ")}`
        : `the entries in ${place.file} are not as this version and this Claude Code want them`,
      "A running session may have written its own version over them, or Claude Code was upgraded since.",
      "`mpm install` puts them in again.",
      () => register(io.config, place, plan.wanted, { ...options, dryRun: false }),
    );
  } catch (error) {
    if (!(error instanceof FileTrouble)) throw error;
    return fail(error.message, "The hooks in it cannot be checked.", "See to the file.");
  }
}

/** Events with a hook of ours. */
function oursIn(text: string | undefined): Set<string> {
  return new Set(found(text).map(({ event }) => event));
}

function found(text: string | undefined): Found[] {
  const all = handlersIn(text ?? "");
  return "handlers" in all ? all.handlers.filter(({ handler }) => ownHook(handler) !== undefined) : [];
}

/** Claude Code runs handlers that are equal once, and others each; a project's leaves the event to this home's own. */
export const twice: Check = (patient) => {
  const { io } = patient;
  const copies = new Map<string, Map<string, string>>();
  for (const { file } of settingsRead(io.config, io.cwd))
    for (const { event, handler } of found(textOf(file))) {
      const hook = ownHook(handler);
      if (hook?.kind !== "path") continue;
      const handlers = copies.get(event) ?? new Map<string, string>();
      copies.set(event, handlers.set(hook.path, file));
    }
  const [event, handlers] = [...copies].find(([, each]) => each.size > 1) ?? [];
  if (event && handlers)
    return {
      name: "once",
      state: "fail",
      finding: `${event} runs ${handlers.size} different hooks of ours, in ${[...new Set(handlers.values())].join(" and ")}`,
      meaning: "Each of them stores the event: it counts more than once, or in more than one home.",
      cure: "`mpm install` in the scope that is to stay, `mpm uninstall --user`, `--project` or `--local` in the others.",
    };
  const plugin = patient.plugin?.name;
  const both = plugin !== undefined && patient.registrations.length > 0;
  return ok(
    "once",
    both
      ? `the plugin ${printable(plugin)} stores nothing where ${io.config.paths.app} is registered`
      : "no event is stored by more than one hook of ours",
  );
};

/** What switches hooks off, for Claude Code started from here. */
export const lockdown: Check = ({ io: { config, cwd, env }, managed }) => {
  const off = hooksOff({ config, cwd, env, args: [], managed });
  if (!off) return ok("allowed", "nothing here switches hooks off");
  const cures = {
    option: "Start Claude Code without it.",
    variable: "Unset it, also where your shell sets it.",
    setting: "Only who manages this machine can allow them.",
    managed_hooks_only: "Only who manages this machine can allow them.",
    plugins_only: "Hooks of plugins are allowed: install the plugin instead.",
  };
  const ofUser = off.code === "setting" && !off.where.startsWith(managed);
  return {
    name: "allowed",
    state: "fail",
    finding: explainOff(off),
    meaning: "Claude Code does not run these hooks.",
    cure: ofUser ? `Remove it from ${off.where}, if you want hooks to run.` : cures[off.code],
  };
};

function textOf(file: string): string | undefined {
  try {
    return readSnapshot(file).text;
  } catch (error) {
    if (error instanceof FileTrouble) return undefined;
    throw error;
  }
}
