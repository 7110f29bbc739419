// A session as it is played to the host: what the user says and what the model answers.
// - `answers` maps a needle to turns. The user text that holds a needle last decides; the n-th turn answers the request
//   with n replies of the model after that text, and the last turn stands for all that follow. So one rule serves the
//   main conversation, subagents (needle: in their prompt), further prompts, resumed and compacted sessions.
// - In strings, $CWD is the workspace. {"$repeat": text, "$times": n} is a long string,
//   {"$concat": [text, ...]} one that must not stand here in one piece.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

const Tool = z.strictObject({ name: z.string(), input: z.record(z.string(), z.unknown()) });

const Turn = z.strictObject({
  text: z.string().optional(),
  tools: z.array(Tool).optional(),
  /** The API refuses the request so. */
  error: z.strictObject({ status: z.number().int(), type: z.string(), message: z.string() }).optional(),
  /** Time until the reply begins. */
  thinkMs: z.number().int().max(2000).optional(),
  /** Begins the reply and never ends it: the user has to interrupt. */
  hold: z.literal(true).optional(),
});
export type Turn = z.infer<typeof Turn>;

const Script = z.strictObject({
  about: z.string(),
  prompt: z.string(),
  answers: z.record(z.string(), z.array(Turn).min(1)),
});
export type Script = z.infer<typeof Script>;

const SCRIPTS = join(import.meta.dirname, "scripts");

/**
 * @param name of a file in scripts/, without .json
 * @param workspace absolute path that $CWD stands for
 */
export function loadScript(name: string, workspace: string): Script {
  const file = join(SCRIPTS, `${name}.json`);
  const script = Script.safeParse(expand(JSON.parse(readFileSync(file, "utf8")), workspace));
  if (!script.success) throw new Error(`${file}: ${z.prettifyError(script.error)}`);
  return script.data;
}

const Concatenated = z.strictObject({ $concat: z.array(z.string()) });
const Repeated = z.strictObject({ $repeat: z.string(), $times: z.number().int().min(1) });

function expand(value: unknown, workspace: string): unknown {
  if (typeof value === "string") return value.replaceAll("$CWD", workspace);
  if (Array.isArray(value)) return value.map((item) => expand(item, workspace));
  if (typeof value !== "object" || value === null) return value;
  const repeated = Repeated.safeParse(value);
  if (repeated.success) return repeated.data.$repeat.repeat(repeated.data.$times);
  const concatenated = Concatenated.safeParse(value);
  if (concatenated.success) return concatenated.data.$concat.join("");
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(item, workspace)]));
}
