// Notifications of the desktop, by the command that each system has for them.
// - Texts are arguments or variables of the environment, never part of a program: nothing of them is executed.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const WITHIN_MS = 10_000;
/** Longer ones are cut by every desktop. */
const CHARS = 300;
const APPLE = ["on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run"] as const;
const POWERSHELL = `
[Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime] | Out-Null
$xml = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent(1)
$text = $xml.GetElementsByTagName('text')
$text.Item(0).AppendChild($xml.CreateTextNode($env:MPM_ALERT_TITLE)) | Out-Null
$text.Item(1).AppendChild($xml.CreateTextNode($env:MPM_ALERT_TEXT)) | Out-Null
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier('mpm').Show([Windows.UI.Notifications.ToastNotification]::new($xml))
`;

/** The command that shows a notification. */
export function notification(platform: NodeJS.Platform, title: string, text: string): Command {
  const [first, second] = [plain(title), plain(text)];
  switch (platform) {
    case "darwin":
      return { program: "osascript", args: [...APPLE.flatMap((line) => ["-e", line]), first, second], env: {} };
    case "win32":
      return {
        program: "powershell",
        args: ["-NoProfile", "-NonInteractive", "-Command", POWERSHELL],
        env: { MPM_ALERT_TITLE: first, MPM_ALERT_TEXT: second },
      };
    default:
      // notify-send reads markup in its body.
      return { program: "notify-send", args: ["--app-name=mpm", "--", first, escaped(second)], env: {} };
  }
}

const plain = (text: string): string =>
  text
    .replace(/\p{Cc}+/gu, " ")
    .replace(/^-+/, "")
    .slice(0, CHARS);
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => ENTITIES[sign] ?? sign);

/** What a desktop needs and has not, in words; undefined where it has all. */
export function desktopTrouble(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string | undefined {
  const { program } = notification(platform, "", "");
  const names = platform === "win32" ? [`${program}.exe`] : [program];
  const places = (env["PATH"] ?? "").split(delimiter).filter(Boolean);
  if (!places.some((place) => names.some((name) => existsSync(join(place, name)))))
    return `${program} was not found${platform === "linux" ? " (Debian: libnotify-bin)" : ""}`;
  const hasSession = platform !== "linux" || Boolean(env["DBUS_SESSION_BUS_ADDRESS"] || env["XDG_RUNTIME_DIR"]);
  return hasSession ? undefined : "there is no desktop session here";
}

/** Shows a notification; returns what went wrong, in words. */
export function show(command: Command, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command.program, command.args, {
      env: { ...env, ...command.env },
      stdio: ["ignore", "ignore", "pipe"],
      timeout: WITHIN_MS,
      signal, // a desktop that hangs keeps no monitor from its end
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk).slice(-CHARS);
    });
    child.on("error", (error: NodeJS.ErrnoException) => resolve(`${command.program}: ${error.code ?? error.message}`));
    child.on("close", (status, signal) => {
      if (status === 0) resolve(undefined);
      else resolve(`${command.program} ended with ${signal ?? status}${said ? `: ${said.trim()}` : ""}`);
    });
  });
}
