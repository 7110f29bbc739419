// The last check: an event through the registered command, until it is found in the store.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { span } from "../../platform/text.ts";
import { readSnapshot } from "../file.ts";
import { ownHook } from "../handler.ts";
import { Handler, handlersIn } from "../settings.ts";
import { findMark, newMark, runHandler } from "../verify.ts";
import { type Check, ok, type Patient } from "./finding.ts";

/** Nothing follows from it in Claude Code, nor on the dashboard. */
const HARMLESS = "Notification";

export const arrives: Check = async (patient) => {
  const { config, env, cwd, signal } = patient.io;
  const [event, handler] = commandOf(patient) ?? [];
  if (!event || !handler)
    return {
      name: "event",
      state: "fail",
      finding: "no event was sent: there is no hook to send it through",
      cure: "`mpm install`",
    };
  if (existsSync(config.paths.disabled) || config.disabled)
    return { name: "event", state: "warn", finding: "no event was sent: the hooks are switched off" };
  const mark = newMark();
  const start = performance.now();
  const ran = await runHandler(handler, event, mark, env, cwd);
  const arrival = ran.trouble
    ? { trouble: `the hook failed: ${ran.trouble}` }
    : await findMark(config, mark, start, signal);
  if ("trouble" in arrival)
    return {
      name: "event",
      state: "fail",
      finding: `an event was sent, and ${arrival.trouble}`,
      meaning: "What Claude Code does is not shown.",
      cure: "Mend what is said above; `MPM_HOOK_DEBUG=true` makes the hook tell each step.",
    };
  return ok(
    "event",
    `sent through the registered command: ${ran.ms.toFixed(1)} ms, found in the store after ${span(arrival.ms)}`,
  );
};

/** The handler as the settings have it; without one, the hook of the plugin or of the installed copy. */
function commandOf({ io, registrations, plugin }: Patient): [string, Handler] | undefined {
  // A project's entry leaves the event to those that are the user's own.
  const places = registrations.toSorted((a, b) => Number(a.scope === "project") - Number(b.scope === "project"));
  const ours = places.flatMap(({ file }) => {
    const found = handlersIn(textOf(file));
    return "handlers" in found ? found.handlers.filter(({ handler }) => ownHook(handler) !== undefined) : [];
  });
  const pick = ours.find(({ event }) => event === HARMLESS) ?? ours[0];
  const parsed = Handler.safeParse(pick?.handler);
  if (pick && parsed.success) return [pick.event, parsed.data];
  const command = [io.config.paths.app, plugin?.root]
    .flatMap((root) => (root ? [join(root, "hooks/mpm-hook")] : []))
    .find((path) => existsSync(path));
  return command ? [HARMLESS, { type: "command", command, args: [HARMLESS], timeout: 5 }] : undefined;
}

function textOf(file: string): string {
  try {
    return readSnapshot(file).text ?? "";
  } catch {
    return ""; // what is wrong with it, another check says
  }
}
