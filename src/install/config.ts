import type { Io } from "../terminal.ts";

export async function config(_args: string[], _io: Io): Promise<number> {
  throw new Error("This verb is not built yet.");
}
