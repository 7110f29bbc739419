// Lets a browser in: a link that works once, and the browser that opens it.

import { spawn } from "node:child_process";
import * as z from "zod";
import type { Config } from "../config/config.ts";
import { readOrMakeToken } from "./token.ts";

const Code = z.looseObject({ code: z.string() });

/** A link that lets one browser in, once. */
export async function loginLink(config: Config, url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/api/login-code`, {
      method: "POST",
      headers: { authorization: `Bearer ${config.serverToken ?? readOrMakeToken(config.paths)}` },
      signal: AbortSignal.timeout(3000),
    });
    return response.ok ? `${url}/login?code=${Code.parse(await response.json()).code}` : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a browser may be opened, and there is a display to open it on. */
export function canOpenBrowser({ noBrowser }: Config, env: NodeJS.ProcessEnv): boolean {
  return !noBrowser && (process.platform !== "linux" || Boolean(env["DISPLAY"] || env["WAYLAND_DISPLAY"]));
}

export function openBrowser(link: string, env: NodeJS.ProcessEnv): void {
  const [file, ...args] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  const child = spawn(file as string, [...args, link], { detached: true, stdio: "ignore", env });
  child.on("error", () => {});
  child.unref();
}
