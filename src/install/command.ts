import type { Io } from "../terminal.ts";

async function absent(_args: string[], _io: Io): Promise<number> {
  throw new Error("This verb is not built yet.");
}
export { absent as config, absent as doctor, absent as install, absent as pause, absent as resume, absent as uninstall };
