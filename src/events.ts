import type { Io } from "./terminal.ts";

async function absent(_args: string[], _io: Io): Promise<number> {
  throw new Error("This verb is not built yet.");
}
export { absent as events, absent as tail };
