// A terminal taken over as a whole: an alternate screen, without a cursor, keys as they are pressed.
// - What was on the screen before comes back however the process ends, but for a kill that it cannot see.

import { writeSync } from "node:fs";
import type { Screen } from "../cli/terminal.ts";

const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const TO_END_OF_LINE = "\u001b[K";
const TO_END_OF_SCREEN = "\u001b[J";

/** Takes the terminal over; undefined where stdin or stdout is none. */
export function openScreen({ stdin, stdout }: Pick<NodeJS.Process, "stdin" | "stdout">): Screen | undefined {
  if (!stdout.isTTY || !stdin.isTTY) return undefined;
  let isOpen = true;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    process.off("exit", close);
    stdin.setRawMode(false);
    stdin.pause();
    try {
      writeSync(stdout.fd, LEAVE);
    } catch {
      // the terminal has gone
    }
  };
  process.on("exit", close);
  stdin.setRawMode(true);
  stdout.write(ENTER);
  return {
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    onResize: (listener) => void stdout.on("resize", listener),
    onKey(listener) {
      stdin.setEncoding("utf8");
      stdin.on("data", (keys: string) => {
        for (const key of keys) listener(key);
      });
      stdin.resume();
    },
    draw(lines) {
      if (isOpen) stdout.write(HOME + lines.map((line) => line + TO_END_OF_LINE).join("\r\n") + TO_END_OF_SCREEN);
    },
    close,
  };
}
