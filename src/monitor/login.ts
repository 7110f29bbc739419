// Lets a browser in: a link that works once, and the browser that opens it.

import { spawn } from "node:child_process";
import * as z from "zod";
import type { Io } from "../terminal.ts";
import { readOrMakeToken } from "../token.ts";

const Code = z.looseObject({ code: z.string() });

/** A link that lets one browser in, once. */
export async function loginLink(io: Io, url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/api/login-code`, {
      method: "POST",
      headers: { authorization: `Bearer ${io.config.serverToken ?? readOrMakeToken(io.config.paths)}` },
      signal: AbortSignal.timeout(3000),
    });
    return response.ok ? `${url}/login?code=${Code.parse(await response.json()).code}` : undefined;
  } catch {
    return undefined;
  }
}

/** @returns false where there is no display to open a browser on */
export function openBrowser(link: string, env: NodeJS.ProcessEnv): boolean {
  const [file, ...args] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  if (process.platform === "linux" && !env["DISPLAY"] && !env["WAYLAND_DISPLAY"]) return false;
  const child = spawn(file as string, [...args, link], { detached: true, stdio: "ignore", env });
  child.on("error", () => {});
  child.unref();
  return true;
}
