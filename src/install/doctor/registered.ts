// Checks of how Claude Code is told: where the hooks are registered, as what, how often, and what would overrule it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { printable } from "../../platform/text.ts";
import { FileTrouble, readSnapshot } from "../file.ts";
import { hookOf } from "../handler.ts";
import { packageRoot, planFor, tableOf } from "../install.ts";
import { register } from "../registration.ts";
import { type Registration, SCOPES, settingsFile } from "../scope.ts";
import { type Found, handlersIn } from "../settings.ts";
import { type Check, type Finding, ok, type Patient } from "./finding.ts";

const PLUGIN = /^mpm-hook@/;
const Switches = z.looseObject({
  disableAllHooks: z.boolean().optional(),
  allowManagedHooksOnly: z.boolean().optional(),
  strictPluginOnlyCustomization: z.union([z.boolean(), z.array(z.string())]).optional(),
  enabledPlugins: z.record(z.string(), z.unknown()).optional(),
});
type Switches = z.infer<typeof Switches>;

/** Registered at all, and as this host wants it: a host can have stripped entries, or been upgraded since. */
export const registered: Check = async (patient) => {
  const { registrations } = patient;
  const plugin = pluginOf(patient);
  if (registrations.length === 0)
    return plugin
      ? ok("registered", `by the plugin ${plugin}`)
      : {
          name: "registered",
          state: "fail",
          finding: "the hooks are registered nowhere",
          meaning: "Claude Code does not run them.",
          cure: "`mpm install`",
        };
  const findings = await Promise.all(registrations.map((place) => standing(patient, place)));
  return (
    findings.find(({ state }) => state === "fail") ??
    ok("registered", findings.map(({ finding }) => finding).join("; "))
  );
};

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
  return "handlers" in all ? all.handlers.filter(({ handler }) => hookOf(handler) !== undefined) : [];
}

/** Claude Code runs handlers that are equal once, and others each. */
export const twice: Check = (patient) => {
  const { io } = patient;
  const copies = new Map<string, Map<string, string>>();
  for (const file of settingsHere(patient))
    for (const { event, handler } of found(textOf(file))) {
      const { command, args } = handler as Record<string, unknown>;
      const handlers = copies.get(event) ?? new Map<string, string>();
      copies.set(event, handlers.set(JSON.stringify([command, args]), file));
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
  const plugin = pluginOf(patient);
  const both = plugin !== undefined && patient.registrations.length > 0;
  return ok(
    "once",
    both
      ? `the plugin ${plugin} keeps still while ${io.config.paths.app} is registered`
      : "no event runs more than one hook of ours",
  );
};

/** What switches hooks off, in the settings that apply here. */
export const lockdown: Check = (patient) => {
  const all = [...managedFiles(patient.managed), ...settingsHere(patient)];
  for (const file of all) {
    const managed = file.startsWith(patient.managed);
    const { disableAllHooks, allowManagedHooksOnly, strictPluginOnlyCustomization: strict } = switchesIn(file);
    const finding = disableAllHooks
      ? "disableAllHooks is true"
      : managed && allowManagedHooksOnly
        ? "allowManagedHooksOnly is true"
        : managed && (strict === true || (Array.isArray(strict) && strict.includes("hooks"))) && !pluginOf(patient)
          ? "strictPluginOnlyCustomization covers hooks"
          : undefined;
    if (finding)
      return {
        name: "allowed",
        state: "fail",
        finding: `${finding} in ${file}`,
        meaning: "Claude Code does not run these hooks.",
        cure: managed
          ? finding.startsWith("strict")
            ? "Hooks of plugins are allowed: install the plugin instead."
            : "Only who manages this machine can allow them."
          : `Remove it from ${file}, if you want hooks to run.`,
      };
  }
  return ok("allowed", "no settings here switch hooks off");
};

function settingsHere({ io }: Patient): string[] {
  const files = SCOPES.map((scope) => settingsFile(scope, io.config, io.cwd));
  return [...new Set(files)].filter((file) => existsSync(file));
}

function managedFiles(directory: string): string[] {
  const more = join(directory, "managed-settings.d");
  const names = existsSync(more) ? readdirSync(more).filter((name) => name.endsWith(".json")) : [];
  const files = [join(directory, "managed-settings.json"), ...names.map((name) => join(more, name))];
  return files.filter((file) => existsSync(file));
}

function textOf(file: string): string | undefined {
  try {
    return readSnapshot(file).text;
  } catch (error) {
    if (error instanceof FileTrouble) return undefined;
    throw error;
  }
}

function switchesIn(file: string): Switches {
  try {
    return Switches.parse(JSON.parse(readFileSync(file, "utf8").replace("\uFEFF", "")));
  } catch {
    return {};
  }
}

/** The name under which our plugin is enabled here. */
function pluginOf(patient: Patient): string | undefined {
  const enabled = settingsHere(patient).flatMap((file) => Object.entries(switchesIn(file).enabledPlugins ?? {}));
  const name = enabled.find(([key, value]) => PLUGIN.test(key) && value === true)?.[0];
  return name && printable(name);
}
