// Check of what was put into Claude Code's files beside the hooks, where it was asked for.

import { addExtra, EXTRAS, type Extra, extraIn, wasAdded } from "../extras.ts";
import { FileTrouble } from "../file.ts";
import { type Check, type Finding, ok, type Patient } from "./finding.ts";

const NAMES = { mcp: "the MCP server", statusline: "the status line" } as const;

/** Each that was registered still stands, and runs this installation. */
export const extras: Check = (patient) => {
  const findings = EXTRAS.map((extra) => standing(patient, extra));
  const bad = findings.find((finding) => finding !== undefined && finding.state !== "ok");
  if (bad) return bad;
  const good = findings.flatMap((finding) => (finding ? [finding.finding] : []));
  return ok("extras", good.length > 0 ? good.join("; ") : "no MCP server and no status line of ours were asked for");
};

function standing({ io }: Patient, extra: Extra): Finding | undefined {
  const { config } = io;
  const again = `\`mpm install --${extra}\` puts it in again.`;
  const warn = (finding: string, meaning: string, cure: string, fix?: () => unknown): Finding => ({
    name: "extras",
    state: "warn",
    finding,
    meaning,
    cure,
    ...(fix ? { fix } : {}),
  });
  try {
    const { file, value, isOurs, isCurrent } = extraIn(config, extra);
    if (isCurrent) return ok("extras", `${NAMES[extra]} in ${file}`);
    if (!isOurs && !wasAdded(config, extra)) return undefined;
    const fix = () => addExtra(config, extra, { dryRun: false, now: io.now() });
    if (value === undefined)
      return warn(`${NAMES[extra]} is not in ${file} any more`, "Claude Code does not know of it.", again, fix);
    if (isOurs)
      return warn(`${NAMES[extra]} in ${file} is not as this version writes it`, "It may not start.", again, fix);
    return warn(
      `${file} has another entry in the place of ${NAMES[extra]}`,
      "That one is used.",
      "Keep the one you want.",
    );
  } catch (error) {
    if (!(error instanceof FileTrouble)) throw error;
    return warn(error.message, `${NAMES[extra]} cannot be checked.`, "See to the file.");
  }
}
