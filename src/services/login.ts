// Lets a browser in: a link that works once, and the browser that opens it.

import { spawn } from "node:child_process";
import * as z from "zod";
import type { Config } from "../config/config.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { ask, type ClientReason } from "./client.ts";
import { ownMonitor } from "./target.ts";

const Code = z.looseObject({ code: z.string() });

/** A link that lets one browser in, once, to this home's monitor. */
export async function loginLink(config: Config): Promise<Result<string, ClientReason>> {
  const monitor = ownMonitor(config);
  if (!monitor.ok) return monitor;
  const { url } = monitor.value;
  const answer = await ask(monitor.value, "POST", "/api/login-code");
  if (!answer.ok) return answer;
  const read = Code.safeParse(answer.value);
  return read.success ? done(`${url}/login?code=${read.data.code}`) : failed({ code: "unreadable_answer", url });
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
