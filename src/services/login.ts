// Lets a browser in: a link that works once, and the browser that opens it.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
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

/** Whether a browser may be opened, and there is a display and a program to open it with. */
export function canOpenBrowser({ noBrowser }: Config, env: NodeJS.ProcessEnv): boolean {
  if (noBrowser || process.platform !== "linux") return !noBrowser;
  const hasDisplay = Boolean(env["DISPLAY"] || env["WAYLAND_DISPLAY"]);
  const places = (env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return hasDisplay && places.some((place) => existsSync(join(place, LINUX_OPENER)));
}

const LINUX_OPENER = "xdg-open";
/** A program that opens nothing says so at once; one that lives for longer is the browser, or starts it. */
const REFUSES_WITHIN_MS = 3000;

/** Opens the link in a browser that outlives us. False: no program took it. */
export async function openBrowser(link: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const [file, ...args] =
    process.platform === "darwin"
      ? ["open"]
      : process.platform === "win32"
        ? ["cmd", "/c", "start", ""]
        : [LINUX_OPENER];
  const child = spawn(file as string, [...args, link], { detached: true, stdio: "ignore", env });
  child.unref();
  const ended = new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
  const waiting = new AbortController();
  try {
    return await Promise.race([ended, sleep(REFUSES_WITHIN_MS, true, { signal: waiting.signal })]);
  } finally {
    waiting.abort();
  }
}
