// How a program of ours starts: with what V8 has compiled before, and with a sentence where one of its files is damaged.

import { mpmHome, pathsOf } from "../config/paths.ts";
import { keepCompiled } from "../platform/compiled.ts";
import { damageIn } from "../platform/damage.ts";
import { userHomeOf } from "./user-home.ts";

/** Loads the program. `tell` is given the sentence; the exit status is 1 then. */
export async function startProgram(load: () => Promise<unknown>, tell: (damage: string) => void): Promise<void> {
  const { env } = process;
  keepCompiled(pathsOf(mpmHome(env, userHomeOf(env))));
  try {
    await load();
  } catch (error) {
    const damage = damageIn(error);
    if (damage === undefined) throw error;
    tell(damage);
    process.exitCode = 1;
  }
}
